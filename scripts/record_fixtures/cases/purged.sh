# A job that slurmctld has forgotten (MinJobAge) and accounting knows.
write job.sh <<'END'
echo done
END
job=$(sbatch --parsable job.sh)
wait_for "$job" COMPLETED
if [ "$DLSLURM_FIXTURES" = record ]; then
  while quietly scontrol show job "$job" >/dev/null 2>&1; do sleep 5; done
fi
ask_all "$job"
squeue -j "$job" || true
