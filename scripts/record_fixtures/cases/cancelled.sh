# A job that is cancelled while it runs.
write job.sh <<'END'
exec sleep 300
END
job=$(sbatch --parsable job.sh)
wait_for "$job" RUNNING
scancel "$job"
wait_for "$job" CANCELLED
ask_all "$job"
