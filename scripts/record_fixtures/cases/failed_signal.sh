# A job that is killed by signal 9.
write job.sh <<'END'
kill -9 $$
END
job=$(sbatch --parsable job.sh)
wait_for "$job" FAILED
ask_all "$job"
