# Accounting asked at once after the submission, when it need not know the job yet, and again later.
write job.sh <<'END'
sleep 1
END
job=$(sbatch --parsable job.sh)
ask_sacct "$job"
ask_sacct "$job"
ask_squeue
ask_sacct "$job"
wait_for "$job" COMPLETED
ask_sacct "$job"
