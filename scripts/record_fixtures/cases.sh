# What the cases share. Sourced by record.sh, and by the tests that replay a case.

# Asks Slurm something that is not part of the recording.
quietly() {
  PATH=$DLSLURM_UNRECORDED_PATH "$@"
}

# write NAME: makes an executable batch script of standard input.
write() {
  { echo '#!/bin/sh' && cat; } >"$1"
  chmod +x "$1"
}

# wait_for JOB PATTERN: waits until a state that accounting has of JOB matches. A replay waits for nothing.
wait_for() {
  [ "$DLSLURM_FIXTURES" = record ] || return 0
  for _ in $(seq 1200); do
    if quietly sacct -X -D -n -P -o state -j "$1" | tail -n 1 | grep -Eq "$2"; then return 0; fi
    sleep 0.5
  done
  echo "waited in vain until job $1 is $2" >&2
  return 1
}

# Waits until no task of JOB is active.
wait_for_end() {
  [ "$DLSLURM_FIXTURES" = record ] || return 0
  wait_for "$1" .
  for _ in $(seq 1200); do
    if ! quietly sacct -X -n -P -o state -j "$1" | grep -Eq 'ING|REQUEUED'; then return 0; fi
    sleep 0.5
  done
  echo "waited in vain until job $1 has ended" >&2
  return 1
}

# pause SECONDS, unless nothing happens meanwhile.
pause() {
  [ "$DLSLURM_FIXTURES" != record ] || sleep "$1"
}

# Asks about a job as dlslurm does.
ask_sacct() {
  LC_ALL=C TZ=UTC SLURM_BITSTR_LEN=0 sacct --noheader --parsable2 --duplicates -X \
    --format=JobID,JobIDRaw,State,Submit,End,ExitCode,Elapsed,Timelimit,NodeList -j "$1"
}
ask_scontrol() {
  LC_ALL=C TZ=UTC SLURM_BITSTR_LEN=0 scontrol show job "$1"
}
ask_squeue() {
  LC_ALL=C TZ=UTC SLURM_BITSTR_LEN=0 squeue -h -t all \
    -O 'JobArrayID:|,State:|,JobID:|,NodeList:|,SubmitTime:|,RestartCnt:|'
}
# Asks all three; that a job is not known is an answer, too.
ask_all() {
  ask_sacct "$1" || true
  ask_scontrol "$1" || true
  ask_squeue || true
}
