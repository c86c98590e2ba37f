# Accounting does not answer. Stops slurmdbd for some seconds: only on a Slurm of one's own.
write job.sh <<'END'
sleep 1
END
first=$(sbatch --parsable job.sh)
wait_for "$first" COMPLETED
if [ "$DLSLURM_FIXTURES" = record ]; then
  quietly sh -c "${STOP_SLURMDBD:-kill \$(cat /run/slurmdbd.pid)}"
  sleep 2
fi
ask_all "$first"
job=$(sbatch --parsable job.sh)
ask_all "$job"
if [ "$DLSLURM_FIXTURES" = record ]; then
  quietly sh -c "${START_SLURMDBD:-slurmdbd}"
fi
wait_for "$job" COMPLETED
ask_all "$job"
