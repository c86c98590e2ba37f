# An array of six of which two may run at a time: held, while two run, and ended.
write job.sh <<'END'
until test -e go; do sleep 0.2; done
END
job=$(sbatch --parsable --array=0-5%2 --hold job.sh)
wait_for "$job" PENDING
ask_all "$job"
scontrol release "$job"
wait_for "${job}_1" RUNNING
pause 1
ask_all "$job"
squeue -j "$job"
touch go
wait_for_end "$job"
ask_all "$job"
# Accounting of 22.05 learns of the tasks one by one.
pause 6
ask_all "$job"
