# A job that ends with exit code 3.
write job.sh <<'END'
exit 3
END
job=$(sbatch --parsable job.sh)
wait_for "$job" FAILED
ask_all "$job"
