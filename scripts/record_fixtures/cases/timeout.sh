# A job that runs longer than its limit of one minute.
write job.sh <<'END'
exec sleep 300
END
job=$(sbatch --parsable --time=1 job.sh)
wait_for "$job" TIMEOUT
ask_all "$job"
