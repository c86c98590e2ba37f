# Submissions over a limit: of the user, of the QOS, of an array's indices. Sets limits with sacctmgr and
# takes them away: only on a Slurm of one's own, with AccountingStorageEnforce=limits,qos in slurm.conf.
write job.sh <<'EOF'
echo done
EOF
# limit WHAT..., and wait until slurmctld has heard of it.
limit() {
  [ "$DLSLURM_FIXTURES" = record ] || return 0
  quietly sacctmgr -i -Q modify "$@" >/dev/null
  sleep 1
}
held=
limit user "$(id -un)" set MaxSubmitJobs=2
for _ in 1 2; do held="$held $(sbatch --parsable --hold job.sh)"; done
sbatch job.sh || true
sbatch --parsable --array=0-1 job.sh || true
limit user "$(id -un)" set MaxSubmitJobs=-1
limit qos normal set MaxSubmitJobsPerUser=2
sbatch job.sh || true
limit qos normal set MaxSubmitJobsPerUser=-1
# MaxArraySize is one past the highest index.
sbatch --array=0-100000000 job.sh || true
for job in $held; do scancel "$job"; done
