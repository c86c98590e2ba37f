# A job that is requeued while it runs, and then ends well: two rows with one job ID.
write job.sh <<'END'
test -e started && exit 0
touch started
exec sleep 300
END
job=$(sbatch --parsable --requeue job.sh)
wait_for "$job" RUNNING
scontrol requeue "$job"
wait_for "$job" PENDING
ask_all "$job"
wait_for "$job" COMPLETED
ask_all "$job"
