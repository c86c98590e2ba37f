# One job through its life: just submitted, running, ended; also as a person asks.
write job.sh <<'END'
echo done
sleep 5
END
sbatch --parsable job.sh >id
job=$(cat id)
ask_all "$job"
wait_for "$job" RUNNING
ask_all "$job"
squeue -j "$job"
wait_for "$job" COMPLETED
ask_all "$job"
sacct -j "$job"
sinfo
