# dlslurm itself: a job that ends well, an array with a failed task, and finish for both.
# record: --file models --file logs
write good.sh <<'END'
mkdir -p models/good
echo result >models/good/result.txt
END
write array.sh <<'END'
mkdir -p models/array
echo "task $SLURM_ARRAY_TASK_ID" >"models/array/$SLURM_ARRAY_TASK_ID.txt"
test "$SLURM_ARRAY_TASK_ID" -ne 2
END
mkdir logs
touch logs/.keep
git init --quiet
git config user.name Ada
git config user.email ada@example.org
printf '/id\n' >.gitignore
git add .
git commit --quiet -m 'Add scripts'
"$DLSLURM" schedule -o models/good sbatch -o logs/good.out good.sh
"$DLSLURM" schedule -o models/array sbatch --array=0-2 -o 'logs/array-%a.out' array.sh
if [ "$DLSLURM_FIXTURES" = record ]; then
  for job in $(quietly squeue -h -t all -o '%F|%Z' | grep -F "|$PWD" | cut -d'|' -f1 | sort -u); do
    wait_for_end "$job"
  done
  # An array's tasks come to accounting one by one.
  pause 5
fi
"$DLSLURM" finish --list-open-jobs
"$DLSLURM" finish || true
git log --format=%s
