# A heterogeneous job of two components, held and cancelled: on a cluster of one node it cannot run.
write job.sh <<'END'
echo done
END
sbatch --hold -n1 : -n1 job.sh >answer
cat answer
job=$(sed -n 's/Submitted batch job //p' answer)
wait_for "$job" PENDING
ask_all "$job"
scancel "$job"
wait_for "$job" CANCELLED
ask_all "$job"
