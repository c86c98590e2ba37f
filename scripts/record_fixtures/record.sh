#!/bin/sh
# Records how a real Slurm answers, one recording for each script in cases/.
#
# usage: scripts/record_fixtures/record.sh DLSLURM DIR [CASE...]
#
# DLSLURM  the built program, as `deno task build` makes it
# DIR      where the recordings go; one that is there already is left as it is
# CASE     names of scripts in cases/ without .sh; by default all that disturb nobody
#
# Needs a Slurm with accounting and a default partition that runs jobs at once. It reads nothing but
# this folder and runs where only a shell, git and DLSLURM are: copy both to the cluster. Names of
# persons, machines and places are replaced; what was replaced is shown. Takes about ten minutes, most of
# it waiting until slurmctld forgets a job.
#
# The cases node_fail and accounting_down stop a daemon, submit_limits sets limits. They are run only when
# they are named: as root, on a Slurm of one's own. STOP_SLURMD, START_SLURMD, STOP_SLURMDBD and
# START_SLURMDBD say how.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
case $1 in */*) DLSLURM=$(cd "$(dirname "$1")" && pwd)/$(basename "$1") ;; *) DLSLURM=$1 ;; esac
mkdir -p "$2"
into=$(cd "$2" && pwd)
shift 2
export DLSLURM
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here/cases.sh" "$work/"

record() {
  [ ! -e "$into/$1" ] || return 0
  mkdir "$work/$1"
  # The script itself names options for the recorder: "# record: --file logs"
  options=$(sed -n 's/^# record: //p' "$here/cases/$1.sh")
  # shellcheck disable=SC2086 -- several words
  if (cd "$work/$1" && "$DLSLURM" fixtures record "$into/$1" $options -- \
    sh -c '. ../cases.sh; . "$0"' "$here/cases/$1.sh") >"$work/$1.log" 2>&1; then
    echo "$1: recorded"
  else
    echo "$1: failed"
    cat "$work/$1.log"
    touch "$work/failed"
    rm -rf "${into:?}/$1"
  fi
  sed -n '/^Replaced/,$p' "$work/$1.log" >>"$work/replaced"
}

if [ $# -gt 0 ]; then
  for name in "$@"; do record "$name"; done
else
  slow="purged requeued timeout"
  for name in $slow; do record "$name" & done
  for script in "$here"/cases/*.sh; do
    name=$(basename "$script" .sh)
    case " $slow node_fail accounting_down submit_limits " in *" $name "*) ;; *) record "$name" ;; esac
  done
  wait
fi
[ ! -e "$work/replaced" ] || echo "Replaced, whatever the case:"
[ ! -e "$work/replaced" ] || sed -n 's/  *->/ ->/; s/ *([0-9]* times*)$//; s/^  /  /p' "$work/replaced" | sort -u
[ ! -e "$work/failed" ]
