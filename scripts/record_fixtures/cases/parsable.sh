# The two forms of a submission's answer.
write job.sh <<'END'
echo done
END
sbatch job.sh
sbatch --parsable job.sh
echo 'echo done' >plain.sh
sbatch --wrap 'echo done'
sbatch plain.sh || true
