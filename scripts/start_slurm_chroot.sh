#!/usr/bin/env bash
# Makes a Debian of another release in a folder and starts a Slurm in it, beside the one of this machine:
# bookworm has Slurm 22.05, trixie 24.11. For a machine or container that can be thrown away. Needs root,
# mounts, and apt with a mirror that it reaches; no systemd.
#
# usage: scripts/start_slurm_chroot.sh DIR [--release NAME] [--port-base N] [--cpus N]
#        scripts/start_slurm_chroot.sh --unmount DIR
#
#   DIR            the folder; what it has already is kept
#   --release NAME the Debian release (default trixie)
#   --port-base N  as for start_slurm.sh (default: the one it had, else the first of 16810, 17810, …
#                  that is free)
#   --cpus N       as for start_slurm.sh
#   --unmount      takes the mounts away, before DIR is removed; stop its daemons first
#
# Its programs are then called as: chroot DIR sinfo. The folder for temporary files is that of this
# machine, so that a job's paths are the same on both sides; tests use it with
#
#   DLSLURM_TEST_CHROOT=DIR deno task test:slurm
#
# Calling it twice is harmless; after a reboot it mounts and starts again. Takes a minute or two, and
# 1.5 GB of disk.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
readonly here

release=trixie
port_base=
cpus=64
unmount=no
folder=

main() {
  parse_arguments "$@"
  [[ $(id -u) -eq 0 ]] || fail "Cannot make a chroot: this needs root" "sudo $0 $folder"
  [[ $unmount == no ]] || { remove_mounts; return; }
  make_system
  mount_shared
  copy_settings
  find_ports
  start_slurm
}

parse_arguments() {
  while (($# > 0)); do
    case $1 in
      --release | --port-base | --cpus)
        [[ -n ${2-} ]] || fail "Cannot make a chroot: $1 needs a value" "$0 DIR $1 VALUE" 2
        case $1 in
          --release) release=$2 ;;
          --port-base) port_base=$2 ;;
          --cpus) cpus=$2 ;;
        esac
        shift 2
        ;;
      --unmount) unmount=yes; shift ;;
      -*) fail "Cannot make a chroot: unknown argument \"$1\"" "sed -n '2,23p' $0" 2 ;;
      *)
        [[ -z $folder ]] || fail "Cannot make a chroot: \"$1\" is one folder too many" "$0 DIR" 2
        folder=$1
        shift
        ;;
    esac
  done
  [[ -n $folder ]] || fail "Cannot make a chroot: no folder was named" "$0 DIR" 2
  folder=$(realpath -m -- "$folder")
  [[ $folder != / ]] || fail "Cannot make a chroot in /" "$0 DIR" 2
}

# fail MESSAGE HINT [STATUS]
fail() {
  printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
  exit "${3:-1}"
}

# The mirror that this machine's own packages come from.
find_mirror() {
  local mirror
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null |
    grep -m 1 '/debian/*$') || mirror=http://deb.debian.org/debian
  printf '%s\n' "$mirror"
}

# A folder that debootstrap did not finish has no status of its packages.
make_system() {
  local mirror log
  [[ ! -s $folder/etc/dlslurm-chroot ]] || return 0
  if [[ -d $folder ]] && [[ -n $(ls -A "$folder") ]]; then
    fail "Cannot make a chroot in \"$folder\": it is not empty, and not from this script" "$0 DIR, with a new folder"
  fi
  command -v debootstrap >/dev/null ||
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq debootstrap; } \
      >/dev/null || fail "Cannot make a chroot: debootstrap is missing" "apt-get install debootstrap"
  mirror=$(find_mirror)
  log=$(mktemp)
  if ! debootstrap --variant=minbase --include=ca-certificates "$release" "$folder" "$mirror" \
    >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    rm -rf --one-file-system "$folder" "$log"
    fail "Cannot make a chroot: debootstrap of $release from $mirror failed" "curl -I $mirror"
  fi
  rm -f "$log"
  # Its daemons run as users of their own; mktemp makes folders for one user alone.
  chmod 755 "$folder"
  printf '%s\n' "$release" >"$folder/etc/dlslurm-chroot"
}

# Temporary files are shared: a job's script and logs have one path inside and outside.
mount_shared() {
  local path
  for path in /proc /sys /dev "${TMPDIR:-/tmp}"; do
    mkdir -p "$folder$path"
    mountpoint -q "$folder$path" || mount --bind "$path" "$folder$path"
  done
}

remove_mounts() {
  local path
  for path in /proc /sys /dev "${TMPDIR:-/tmp}"; do
    ! mountpoint -q "$folder$path" || umount "$folder$path"
  done
}

copy_settings() {
  local node
  node=$(hostname -s)
  # How the mirror is reached, and what it needs not send.
  cp /etc/apt/apt.conf.d/99* "$folder/etc/apt/apt.conf.d/" 2>/dev/null || true
  cp -L /etc/resolv.conf "$folder/etc/" 2>/dev/null || true
  printf '%s\n' "$node" >"$folder/etc/hostname"
  grep -qw -- "$node" "$folder/etc/hosts" 2>/dev/null ||
    printf '127.0.0.1 localhost %s\n' "$node" >>"$folder/etc/hosts"
}

# The machine may have other Slurms beside its own, also one in another chroot.
find_ports() {
  local configuration=$folder/etc/slurm/slurm.conf
  [[ -z $port_base ]] || return 0
  if [[ -s $configuration ]]; then
    port_base=$(sed -n 's/^SlurmctldPort=//p' "$configuration")
    [[ -z $port_base ]] || { port_base=$((port_base - 7)); return; }
  fi
  for ((port_base = 16810; port_base < 60000; port_base += 1000)); do
    is_used $((port_base + 7)) || is_used $((port_base + 8)) || is_used $((port_base + 9)) || return 0
  done
  fail "Cannot start Slurm in \"$folder\": no ports are free" "$0 DIR --port-base N"
}

# is_used PORT
is_used() {
  (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

start_slurm() {
  install -D "$here/start_slurm.sh" "$folder/opt/dlslurm/start_slurm.sh"
  # Nothing of this machine's environment: TMPDIR and the like may name what is not there.
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
    chroot "$folder" /opt/dlslurm/start_slurm.sh --port-base "$port_base" --cpus "$cpus" --overwrite
}

main "$@"
