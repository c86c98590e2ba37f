# A job whose node is lost. Stops slurmd for some seconds: only on a Slurm of one's own.
write job.sh <<'END'
exec sleep 300
END
job=$(sbatch --parsable --no-requeue job.sh)
wait_for "$job" RUNNING
if [ "$DLSLURM_FIXTURES" = record ]; then
  node=$(quietly squeue -h -o %N -j "$job")
  quietly sh -c "${STOP_SLURMD:-kill \$(cat /run/slurmd.pid)}"
  sleep 2
  # Else slurmctld waits for SlurmdTimeout.
  quietly scontrol update NodeName="$node" State=DOWN Reason=lost
fi
wait_for "$job" NODE_FAIL
ask_all "$job"
sinfo
if [ "$DLSLURM_FIXTURES" = record ]; then
  quietly sh -c "${START_SLURMD:-slurmd}"
  sleep 2
  # It may be back by itself.
  quietly scontrol update NodeName="$node" State=RESUME || true
fi
