# A job that waits for the success of one that failed: PENDING for ever.
write fails.sh <<'END'
exit 1
END
write job.sh <<'END'
echo never
END
first=$(sbatch --parsable fails.sh)
wait_for "$first" FAILED
job=$(sbatch --parsable --dependency=afterok:"$first" job.sh)
wait_for "$job" PENDING
pause 3
ask_all "$job"
squeue -j "$job"
scancel "$job"
wait_for "$job" CANCELLED
ask_all "$job"
