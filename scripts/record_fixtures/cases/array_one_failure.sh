# An array of five; task 2 fails.
write job.sh <<'END'
test "$SLURM_ARRAY_TASK_ID" -ne 2
END
job=$(sbatch --parsable --array=0-4 job.sh)
wait_for_end "$job"
ask_all "$job"
# Accounting of 22.05 learns of the tasks one by one.
pause 6
ask_all "$job"
