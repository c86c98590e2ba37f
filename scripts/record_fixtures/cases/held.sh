# A job that is held, then released.
write job.sh <<'END'
echo done
END
job=$(sbatch --parsable --hold job.sh)
wait_for "$job" PENDING
ask_all "$job"
squeue -j "$job"
scontrol release "$job"
wait_for "$job" COMPLETED
ask_all "$job"
