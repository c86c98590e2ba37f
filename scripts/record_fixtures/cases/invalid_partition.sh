# Submissions that are refused.
write job.sh <<'END'
echo done
END
sbatch -p nowhere job.sh || true
sbatch --array=0-1000000000 job.sh || true
sbatch missing.sh || true
sbatch --no-such-option job.sh || true
sbatch --time=nonsense job.sh || true
