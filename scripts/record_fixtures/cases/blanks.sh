# A job's name, script, folder and logs with blanks, and with what looks like Slurm's own syntax.
mkdir -p 'my folder/my logs'
cd 'my folder'
write 'my job=1 A=2.sh' <<'END'
echo done
END
job=$(sbatch --parsable -J 'my | job a=b JobId=1' --comment 'x=1 Y=2, with blanks' \
  -o 'my logs/a=b C=d %4j.out' -e 'my logs/errors.err' 'my job=1 A=2.sh')
wait_for "$job" COMPLETED
# Accounting of 22.05 learns of the name later.
pause 6
ask_all "$job"
sacct -n -P -o jobid,jobname,workdir -j "$job"
