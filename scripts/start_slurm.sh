#!/usr/bin/env bash
# Installs and starts a real one-node Slurm with accounting, for tests and measurements: munge, MariaDB,
# slurmdbd, slurmctld and slurmd from Debian's packages. For a machine or container that can be thrown
# away: it writes /etc/slurm. Needs root, and apt where something is missing; no systemd.
#
# usage: scripts/start_slurm.sh [--cpus N] [--port-base N] [--no-install] [--overwrite]
#
#   --cpus N       how many CPUs the node pretends to have (default 64, so that jobs need not wait)
#   --port-base N  slurmctld listens on N+7, slurmd on N+8, slurmdbd on N+9 (default 6810), so that a
#                  second Slurm can run in a chroot beside this one
#   --no-install   fail instead of installing what is missing
#   --overwrite    replace a Slurm configuration that this script did not write
#
# A Slurm that answers is left alone, whoever started it. Of one that this script started, what has
# stopped is started again: calling it twice is harmless. Logs are in /var/log/slurm.
set -euo pipefail

readonly CLUSTER=dlslurm
readonly PACKAGES=(slurm-wlm slurmdbd slurm-client mariadb-server munge)
readonly DATABASE_SOCKET=/run/mysqld/mysqld.sock
readonly LOGS=/var/log/slurm
readonly MARK='# Written by start_slurm.sh of dlslurm; changes are lost.'

cpus=64
port_base=6810
may_install=yes
may_overwrite=no

main() {
  parse_arguments "$@"
  if slurm_answers && { ! is_ours || { is_running /run/slurmd.pid slurmd && node_is_up; }; }; then
    echo "Slurm $(sbatch --version | cut -d' ' -f2) is running already: left alone"
    return
  fi
  [[ $(id -u) -eq 0 ]] || fail "Cannot start Slurm: this needs root" "sudo $0"
  refuse_foreign_configuration
  install_packages
  prepare_folders
  write_configuration
  start_munge
  start_database
  start_accounting
  start_controller
  start_node
  echo "Slurm $(sbatch --version | cut -d' ' -f2) is running on ports $((port_base + 7)) to $((port_base + 9))"
}

parse_arguments() {
  while (($# > 0)); do
    case $1 in
      --cpus) cpus=$(require_number "$@"); shift 2 ;;
      --port-base) port_base=$(require_number "$@"); shift 2 ;;
      --no-install) may_install=no; shift ;;
      --overwrite) may_overwrite=yes; shift ;;
      *) fail "Cannot start Slurm: unknown argument \"$1\"" "sed -n '2,17p' $0" 2 ;;
    esac
  done
}

require_number() {
  [[ ${2-} =~ ^[0-9]+$ ]] || fail "Cannot start Slurm: $1 needs a number, not \"${2-}\"" "$0 $1 64" 2
  echo "$2"
}

# fail MESSAGE HINT [STATUS]
fail() {
  printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
  exit "${3:-1}"
}

slurm_answers() {
  command -v scontrol sacctmgr sbatch >/dev/null || return 1
  timeout 20 scontrol ping 2>/dev/null | grep -q 'is UP' &&
    timeout 20 sacctmgr --noheader --parsable2 list cluster >/dev/null 2>&1
}

is_ours() {
  grep -qxF "$MARK" /etc/slurm/slurm.conf 2>/dev/null
}

# A site's own Slurm may just be down: its configuration is not ours to replace.
refuse_foreign_configuration() {
  local file
  for file in /etc/slurm/slurm.conf /etc/slurm/slurmdbd.conf; do
    [[ ! -s $file || $may_overwrite == yes ]] || grep -qxF "$MARK" "$file" ||
      fail "Cannot start Slurm: $file was not written by this script. Nothing was changed" \
        "start that Slurm, or on a machine to throw away: $0 --overwrite"
  done
}

install_packages() {
  local package missing=()
  for package in "${PACKAGES[@]}"; do
    dpkg -s "$package" 2>/dev/null | grep -q '^Status:.* installed$' || missing+=("$package")
  done
  ((${#missing[@]} > 0)) || return 0
  [[ $may_install == yes ]] ||
    fail "Cannot start Slurm: not installed: ${missing[*]}" "apt-get install ${missing[*]}"
  command -v apt-get >/dev/null ||
    fail "Cannot install ${missing[*]}: there is no apt-get on PATH" "install them by hand, then run $0"
  apt_get update || apt_get update
  apt_get install --no-install-recommends -y "${missing[@]}" ||
    apt_get install --no-install-recommends -y "${missing[@]}" ||
    fail "Cannot install ${missing[*]}: apt-get failed" "apt-get install ${missing[*]}"
}

# Packages must not start services of their own: there may be no systemd, and a second Slurm may run
# beside this chroot.
apt_get() {
  local policy=/usr/sbin/policy-rc.d made=no status=0 output
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    made=yes
  fi
  output=$(DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" 2>&1) || status=$?
  [[ $made == no ]] || rm -f "$policy"
  ((status == 0)) || printf '%s\n' "$output" >&2
  return "$status"
}

prepare_folders() {
  mkdir -p /etc/slurm /var/spool/dlslurm/slurmctld /var/spool/dlslurm/slurmd "$LOGS"
  install -d -o munge -g munge -m 755 /run/munge
  install -d -o munge -g munge -m 700 /var/log/munge /var/lib/munge /etc/munge
  install -d -o mysql -g mysql -m 755 /run/mysqld
  if [[ ! -s /etc/munge/munge.key ]]; then
    (umask 077 && head -c 1024 /dev/urandom >/etc/munge/munge.key)
  fi
  chown munge:munge /etc/munge/munge.key
  chmod 400 /etc/munge/munge.key
}

write_configuration() {
  local node
  node=$(hostname -s)
  cat >/etc/slurm/slurm.conf <<EOF
$MARK
ClusterName=$CLUSTER
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=$((port_base + 7))
SlurmdPort=$((port_base + 8))
SlurmUser=root
AuthType=auth/munge
StateSaveLocation=/var/spool/dlslurm/slurmctld
SlurmdSpoolDir=/var/spool/dlslurm/slurmd
SlurmctldPidFile=/run/slurmctld.pid
SlurmdPidFile=/run/slurmd.pid
SlurmctldLogFile=$LOGS/slurmctld.log
SlurmdLogFile=$LOGS/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SchedulerType=sched/backfill
# Jobs of tests last seconds: look for the next one at once.
SchedulerParameters=sched_interval=1,sched_min_interval=100000,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=$((port_base + 9))
JobAcctGatherType=jobacct_gather/none
MaxJobCount=200000
MaxArraySize=10001
MinJobAge=300
ReturnToService=2
SlurmdParameters=config_overrides
NodeName=$node NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=20000 State=UNKNOWN
PartitionName=debug Nodes=$node Default=YES MaxTime=INFINITE State=UP DefMemPerCPU=100
EOF
  (
    umask 077
    cat >/etc/slurm/slurmdbd.conf <<EOF
$MARK
AuthType=auth/munge
DbdHost=$node
DbdAddr=127.0.0.1
DbdPort=$((port_base + 9))
SlurmUser=root
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm_acct_db
LogFile=$LOGS/slurmdbd.log
PidFile=/run/slurmdbd.pid
EOF
  )
  chmod 600 /etc/slurm/slurmdbd.conf
  # slurmd looks for cgroups even where nothing uses them, and a container may have none.
  local plugin=disabled
  [[ $(slurmd -V) =~ \ (2[3-9]|[3-9][0-9])\. ]] || plugin=cgroup/v1 # older ones cannot disable it
  echo "CgroupPlugin=$plugin" >/etc/slurm/cgroup.conf
}

# is_running PIDFILE PROGRAM: a PID file of before a reboot may name some other process.
is_running() {
  local pid
  [[ -s $1 ]] && pid=$(<"$1") && [[ -e /proc/$pid/exe ]] &&
    [[ $(basename "$(readlink "/proc/$pid/exe")") == "$2"* ]]
}

# start_daemon PIDFILE PROGRAM
start_daemon() {
  is_running "$1" "$2" || "$2" || fail_with_logs "Cannot start Slurm: $2 ended at once"
}

fail_with_logs() {
  tail -n 5 "$LOGS"/*.log >&2 || true
  fail "$1" "see the logs in $LOGS"
}

# wait_until SECONDS WHAT COMMAND...
wait_until() {
  local limit=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < limit)) || fail_with_logs "Cannot start Slurm: $what"
    sleep 0.5
  done
}

start_munge() {
  is_running /run/munge/munged.pid munged || runuser -u munge -- /usr/sbin/munged
  wait_until 10 "munge makes no credentials" munge --no-input
}

database() {
  mysql --socket="$DATABASE_SOCKET" "$@"
}

start_database() {
  if ! database -e 'select 1' >/dev/null 2>&1; then
    setsid mariadbd --user=mysql --skip-networking --socket="$DATABASE_SOCKET" \
      --innodb-buffer-pool-size=256M --innodb-flush-log-at-trx-commit=2 \
      >"$LOGS/mariadb.log" 2>&1 </dev/null &
    disown
    wait_until 60 "MariaDB does not answer" database -e 'select 1'
  fi
  database -e "create database if not exists slurm_acct_db;
    create user if not exists slurm@localhost identified by 'slurm';
    grant all on slurm_acct_db.* to slurm@localhost;"
}

start_accounting() {
  start_daemon /run/slurmdbd.pid slurmdbd
  wait_until 60 "slurmdbd does not answer" sacctmgr --noheader list cluster
  sacctmgr --noheader --parsable2 list cluster format=cluster | grep -qx "$CLUSTER" ||
    sacctmgr --immediate add cluster "$CLUSTER" >/dev/null
  # Adding what is there already is an error for sacctmgr, but not for us.
  sacctmgr --immediate add account default Description=default Organization=default >/dev/null 2>&1 || true
  sacctmgr --immediate add user root account=default >/dev/null 2>&1 || true
}

start_controller() {
  start_daemon /run/slurmctld.pid slurmctld
  wait_until 60 "slurmctld does not answer" slurm_answers
}

node_is_up() {
  sinfo --noheader --format=%T | grep -qE '^(idle|mixed|allocated)$' && return
  scontrol update "nodename=$(hostname -s)" state=resume
  return 1
}

start_node() {
  start_daemon /run/slurmd.pid slurmd
  wait_until 60 "the node does not come up" node_is_up
}

main "$@"
