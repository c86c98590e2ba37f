#!/bin/sh
# dlslurm @VERSION@ for @CPU_WORDS@ processors (@TARGET@)
#
# One file in three parts: this start script, the program (text, some lines below), and its runtime
# (Deno @RUNTIME_VERSION@, compressed). The first start unpacks the runtime, later ones only execute
# it. Nothing is fetched from anywhere.
#
# DLSLURM_CACHE_DIR names another folder to unpack to: about @NEED_MB@ MB, not mounted noexec. A folder
# that root, or who owns this file, has filled may be read-only.
#
# All of it stands inside one { } so that the shell has read it to the end before it runs any of it:
# the file may be replaced meanwhile, and a file cut off in here is a syntax error, not half a start.
{
# Names start with dls_ because a variable of the same name in the user's environment would be changed.
# How many processes and threads of this user there are, as far as /proc shows them, in dls_count; how
# many threads the runtime will start for as many processors, in dls_workers.
dls_count_own() {
  dls_count=0
  for dls_process in /proc/[0-9]*; do
    [ -O "$dls_process" ] || continue
    set -- "$dls_process"/task/*
    dls_count=$((dls_count + $#))
  done
  set -- /sys/devices/system/cpu/cpu[0-9]*
  dls_workers=$(($# < 4 ? $# : 4))
}

dls_count_open() { set -- /proc/self/fd/*; dls_open=$#; }

# The runtime starts threads and opens files, else it dies with words that name another program than
# this one. All of it without a process of its own, which there may be none for. Root may have any number of
# processes.
dls_most='' dls_files='' dls_room=''
if [ -r /proc/self/limits ]; then
  while read -r dls_word dls_name dls_soft dls_rest; do
    case "$dls_word $dls_name $dls_soft" in
      "Max processes "*) dls_most=$dls_soft ;;
      "Max open files") dls_files=${dls_rest%% *} ;;
      "Max address space") dls_room=${dls_rest%% *}; break ;;
    esac
  done </proc/self/limits || dls_files=0
  [ ! -O /proc/1 ] || dls_most=''
fi
case $dls_files in
  '' | *[!0-9]* | ???*) ;;
  *)
    dls_count_open
    if [ $((dls_files - dls_open)) -lt @FILES@ ]; then
      exec >&2
      echo "error: Cannot start \"$0\": too few files may be open at a time (ulimit -n)"
      echo "hint: ulimit -n 256"
      exit 1
    fi
    ;;
esac
case $dls_most in
  '' | *[!0-9]* | ????*) ;; # unlimited, or so many that counting them would take its time
  *)
    dls_count_own
    if [ $((dls_most - dls_count)) -lt $((dls_workers + @THREADS@)) ]; then
      echo "error: Cannot start \"$0\": you may have $dls_most processes and threads, and have $dls_count" >&2
      echo "hint: end some (ps -u \"\$USER\" shows them), or raise the limit: ulimit -u" >&2
      exit 1
    fi
    ;;
esac

dls_runtime_id=@RUNTIME_ID@
dls_program=dlslurm-@PROGRAM_ID@

# A folder that was removed under the user's feet: the runtime would not start, and not say why. Where
# $PWD cannot be looked at, pwd is asked.
[ "${PWD:-/}" -ef . ] || case $(pwd -P 2>/dev/null) in
  /*) ;;
  *)
    echo "error: Cannot start \"$0\": the current directory no longer exists" >&2
    echo "hint: cd into a folder that is there" >&2
    exit 1
    ;;
esac

case $0 in
  /*) dls_self=$0 ;;
  */*) dls_self=${PWD%/}/$0 ;;
  *) if [ -f "$0" ]; then dls_self=${PWD%/}/$0; else dls_self=$(command -v -- "$0"); fi ;;
esac

# Standard tools are found whatever the user's PATH is; to be used in subshells only.
dls_tools() { PATH=${PATH:+$PATH:}/usr/bin:/bin LC_ALL=C; export PATH LC_ALL; }

dls_newline='
'

# Is everything in folder $1: whole, executable, and nobody else's to change? Sizes show what a crash or a
# full disk cut short; test -x sees a noexec mount.
dls_ready() {
  [ -x "$1/deno" ] && [ -f "$1/$dls_program.js" ] || return 1
  dls_look "$1" deno "$dls_program.js" "$dls_program.txt" || return 1
  dls_home=$dls_place
}

# Is folder $1 such that nobody but us, root, and who owns this very file can change what is in it, or
# what its path leads to? The files that the other arguments name have to be there as well, whole. Sets
# dls_place, the folder's real path, and dls_doubt, the reason if somebody else can. Costs one process.
dls_look() {
  dls_doubt='' dls_me='' dls_folder='' dls_owner='' dls_sizes=''
  [ $# -eq 1 ] || dls_sizes='@RUNTIME_SIZE@ @BLOCK@ @PROGRAM_SIZE@ '
  # Its real path, then what ls says of the folders from / down to it, and of the files; -n keeps ls from
  # looking up user names.
  dls_lines=$(
    exec 2>/dev/null
    CDPATH='' cd -P -- "$1" && shift || exit
    case $PWD in *"$dls_newline"*) exit ;; esac
    printf '%s\n' "$PWD"
    dls_above=$PWD
    while [ -n "${dls_above#/}" ]; do
      set -- "$dls_above" "$@"
      dls_above=${dls_above%/*}
    done
    dls_tools
    exec ls -lndL -- / "$@"
  )
  case $dls_lines in *"$dls_newline"*) ;; *) return 1 ;; esac
  dls_place=${dls_lines%%"$dls_newline"*}
  dls_lines=${dls_lines#*"$dls_newline"}
  set -f # of what ls has printed, words are made and nothing else
  # What stands last tells our number if it is ours; to ask for that would be another process.
  [ ! -O "$dls_place${4+/$4}" ] || dls_note_me ${dls_lines##*"$dls_newline"}
  dls_lines=$dls_lines$dls_newline
  while [ -n "$dls_lines" ]; do
    dls_take ${dls_lines%%"$dls_newline"*} || break
    dls_lines=${dls_lines#*"$dls_newline"}
  done
  set +f
  [ -z "$dls_lines" ] && [ -z "$dls_sizes" ] && [ -n "$dls_folder" ] || return 1
  # A sticky folder keeps files from others, but any of them can add some.
  case $dls_folder in ????????w*) dls_doubt="everybody may write to $dls_place"; return 1 ;; esac
  dls_trust "$dls_owner" || { dls_doubt="user $dls_owner owns $dls_place"; return 1; }
}

dls_note_me() { dls_me=$3; }

# Takes a line of ls: mode, links, owner, group, size, a date of three words, name. They come in the order
# of the names: the folders from / down, then deno, .js and .txt.
dls_take() {
  [ $# -gt 8 ] || return 1
  dls_mode=$1 dls_uid=$3 dls_gid=$4 dls_size=$5
  shift 8
  case $dls_mode in
    d*)
      dls_folder=$dls_mode dls_owner=$dls_uid
      dls_trust "$dls_uid" above || { dls_doubt="user $dls_uid owns $*"; return 1; } ;;
    -*)
      [ "$dls_size" = "${dls_sizes%% *}" ] || return 1
      dls_sizes=${dls_sizes#* }
      dls_trust "$dls_uid" || { dls_doubt="user $dls_uid owns $dls_place/$*"; return 1; } ;;
    *) return 1 ;;
  esac
  case $dls_mode in
    # In a sticky folder others cannot touch what is not theirs.
    ?????-??-?* | d????????[tT]*) ;;
    ????????w*) dls_doubt="everybody may write to $*"; return 1 ;;
    *) dls_is_own_group "$dls_gid" || { dls_doubt="group $dls_gid may write to $*"; return 1; } ;;
  esac
}

# Is what user number $1 owns as good as our own? With $2: a folder above the one that matters.
dls_trust() {
  case " 0 $dls_me $dls_friends " in *" $1 "*) return ;; esac
  if [ -z "$dls_friends" ]; then
    # Whoever owns the file that is being started could have put anything into it.
    dls_friends="$(dls_tools; id -u) $(dls_tools; ls -lndL -- "$dls_self" |
      { read -r dls_n dls_n dls_n dls_rest && echo "$dls_n"; })"
    case " $dls_friends " in *" $1 "*) return ;; esac
  fi
  # In a container that a user has started, what is root's outside seems to be nobody's.
  [ $# -gt 1 ] && [ "$1" = 65534 ] && read -r dls_n dls_n dls_rest </proc/self/uid_map &&
    [ "${dls_rest##* }" != 4294967295 ]
}

# Is group number $1 ours alone? Where users have groups of their own names, umasks let these write.
dls_is_own_group() {
  [ -n "$dls_ids" ] || dls_ids=$(dls_tools; id)
  dls_user=${dls_ids#*"("}
  case ${dls_ids#*" gid="} in "$1(${dls_user%%")"*})"*) ;; *) return 1 ;; esac
}

# Is folder $1 ours alone? Others may write to its parent.
dls_private() {
  [ -d "$1" ] && [ ! -L "$1" ] && [ -O "$1" ] || return 1
  case $(dls_tools; ls -lnd -- "$1" 2>/dev/null) in drwx------*) ;; *) return 1 ;; esac
}

# Sets dls_shared, the usual place; empty if there is none.
dls_choose_shared() {
  dls_shared=''
  if [ -n "${DLSLURM_CACHE_DIR-}" ]; then
    case $DLSLURM_CACHE_DIR in
      /*) dls_shared=$DLSLURM_CACHE_DIR/$dls_runtime_id ;;
      *) dls_shared=${PWD%/}/$DLSLURM_CACHE_DIR/$dls_runtime_id ;;
    esac
    return
  fi
  case ${XDG_CACHE_HOME-} in
    /*) dls_shared=$XDG_CACHE_HOME/dlslurm/$dls_runtime_id ;;
    *) case ${HOME-} in /*) dls_shared=${HOME%/}/.cache/dlslurm/$dls_runtime_id ;; esac ;;
  esac
}

# Sets dls_own, the private folder to fall back to.
dls_choose_own() {
  dls_own=''
  [ -z "${DLSLURM_CACHE_DIR-}" ] || return 1
  dls_own=${TMPDIR:-/tmp}
  dls_own=${dls_own%/}/dlslurm-$(dls_tools; id -u)-$dls_runtime_id
}

# Unpacks into folder $1, or prints why not. Runs in a subshell; what it leaves when it is killed is a
# folder tmp-* that nobody reads.
dls_unpack() {
  dls_tools
  umask 077
  [ -d "$1" ] || mkdir -p -- "$1" || return 1
  dls_look "$1" || { echo "${dls_doubt:-it cannot be looked at}"; return 1; }
  [ -w "$1" ] || { echo "the folder is not writable"; return 1; }
  # Let one start do the work for all; but never wait long for one that was killed.
  dls_lock=$1/unpacking dls_n=0
  until mkdir -- "$dls_lock" 2>/dev/null; do
    [ -d "$dls_lock" ] && [ "$dls_n" -lt 10 ] || break
    sleep 1
    dls_n=$((dls_n + 1))
    dls_ready "$1" && return 0
  done
  dls_n=0
  until mkdir -- "$1/tmp-$$-$dls_n" 2>/dev/null; do
    dls_n=$((dls_n + 1))
    [ "$dls_n" -lt 50 ] || { rmdir -- "$dls_lock"; mkdir -- "$1/tmp-$$-0"; return 1; }
  done
  dls_temporary=$1/tmp-$$-$dls_n
  trap 'rm -rf -- "$dls_temporary"; rmdir -- "$dls_lock" 2>/dev/null' EXIT
  trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM
  dls_fill "$1"
}

# Copies $2 blocks from block $1 on to the temporary file $3.
dls_cut() {
  dd if="$dls_self" bs=@BLOCK@ skip="$1" count="$2" >"$dls_temporary/$3" 2>"$dls_temporary/message"
}

dls_fill() {
  dls_cut 1 1 js && dls_cut 2 @PROGRAM_BLOCKS@ txt || { cat "$dls_temporary/message"; return 1; }
  # To the disk before the rename, else a crash leaves a name without contents. Not every sync can.
  sync "$dls_temporary/js" "$dls_temporary/txt" 2>/dev/null
  mv -f -- "$dls_temporary/txt" "$1/$dls_program.txt" &&
    mv -f -- "$dls_temporary/js" "$1/$dls_program.js" || return 1
  dls_ready "$1" && return # another version of the program had unpacked the same runtime
  tail -c +@RUNTIME_OFFSET@ -- "$dls_self" | gzip -dc >"$dls_temporary/deno" || return 1
  chmod 700 "$dls_temporary/deno" || return 1
  dls_answer=$("$dls_temporary/deno" --version 2>&1)
  case $dls_answer in
    "deno @RUNTIME_VERSION@ "*) ;;
    *) echo "the runtime cannot be executed there: $dls_answer"; return 1 ;;
  esac
  sync "$dls_temporary/deno" 2>/dev/null
  mv -f -- "$dls_temporary/deno" "$1/deno" || return 1
  sync "$1" 2>/dev/null
  dls_ready "$1" || { echo "${dls_doubt:-what was unpacked there is not whole}"; return 1; }
}

# Tries to unpack into folder $1; keeps the reason in dls_tried when it cannot be.
dls_install() {
  [ ! -t 2 ] || echo "dlslurm: first start, unpacking the runtime to $1" >&2
  if dls_reason=$(dls_unpack "$1" 2>&1) && dls_ready "$1"; then return 0; fi
  dls_reason=${dls_reason:-it could not be unpacked there}
  [ ! -t 2 ] || echo "dlslurm: not there: $dls_reason" >&2
  dls_tried="$dls_tried
  $1: $dls_reason"
  return 1
}

dls_install_own() {
  [ -n "$dls_own" ] || return 1
  (dls_tools; mkdir -m 700 -- "$dls_own" 2>/dev/null)
  if dls_private "$dls_own"; then dls_install "$dls_own"; return; fi
  dls_tried="$dls_tried
  $dls_own: it cannot be made, or is not a folder that only you can use"
  return 1
}

# Refuses a file that was cut off on its way here, before anything is unpacked.
dls_require_whole() {
  case $(dls_tools; ls -lnL -- "$dls_self" 2>/dev/null) in *" @FILE_SIZE@ "*) return ;; esac
  echo "error: Cannot start \"$dls_self\": the file is not whole, it should have @FILE_SIZE@ bytes" >&2
  echo "hint: copy or download it again" >&2
  exit 1
}

dls_refuse_limit() {
  echo "error: Cannot start \"$dls_self\": only $dls_limit kB of addresses are allowed (ulimit -v)" >&2
  dls_hard=$(ulimit -H -v 2>/dev/null)
  case $dls_hard in *[!0-9]* | '') dls_hard=@NEEDED_KB@ ;; esac
  dls_hint="ulimit -S -v @NEEDED_KB@, or unlimited"
  [ "$dls_hard" -ge @NEEDED_KB@ ] ||
    dls_hint="only root can raise that limit: ask for it, or srun --propagate=NONE --pty sh"
  echo "hint: it reserves @NEEDED_KB@ kB, though it uses little: $dls_hint" >&2
  exit 1
}

dls_give_up() {
  echo "error: Cannot unpack the runtime of \"$dls_self\": no place can be used$dls_tried" >&2
  [ -z "$dls_foreign" ] || {
    echo "hint: it needs a system with glibc for @CPU@, and $dls_foreign" >&2
    exit 1
  }
  echo "hint: export DLSLURM_CACHE_DIR=/a/folder/with/@NEED_MB@/MB/free/not/mounted/noexec" >&2
  exit 1
}

# On another processor the runtime cannot be executed, and some shells would read it as a script. Where its
# loader is, it is not asked further: that would cost a process.
dls_foreign=''
[ -e '@LOADER@' ] || {
  dls_foreign='no @LOADER@ is here'
  dls_cpu=$(dls_tools; uname -m 2>/dev/null)
  case $dls_cpu in
    '' | @CPU@) ;; # the loader may be somewhere else
    *)
      echo "error: Cannot start \"$dls_self\": it is for @CPU_WORDS@ processors (@CPU@), not for $dls_cpu" >&2
      case ' @CPUS@ ' in
        *" $dls_cpu "*) echo "hint: take the file for $dls_cpu: dlslurm-$dls_cpu" >&2 ;;
        *) echo "hint: there are files for: @CPUS@" >&2 ;;
      esac
      exit 1
      ;;
  esac
}

dls_tried='' dls_friends='' dls_ids='' dls_home=''
dls_choose_shared
{ [ -n "$dls_shared" ] && dls_ready "$dls_shared"; } ||
  { dls_choose_own && [ ! -L "$dls_own" ] && dls_ready "$dls_own"; } ||
  { dls_require_whole; [ -n "$dls_shared" ] && dls_install "$dls_shared"; } ||
  dls_install_own ||
  dls_give_up

# Variables that steer the runtime. The program gives each its former value back, so that no child
# process sees a difference (src/cli/boot_environment.ts).
DLSLURM_BOOT_SELF=$dls_self
DLSLURM_BOOT_NAMES='@BOOT_NAMES@'
for dls_name in $DLSLURM_BOOT_NAMES; do
  unset "DLSLURM_BOOT_WAS_$dls_name"
  eval "[ -z \"\${$dls_name+x}\" ] || export DLSLURM_BOOT_WAS_$dls_name=\"\$$dls_name\""
  unset "$dls_name"
done
# The runtime's own caches are SQLite files in WAL mode, which parallel file systems break: none.
HOME=$dls_home DENO_DIR=/dev/null/none DENO_NO_UPDATE_CHECK=1 DENO_NO_PACKAGE_JSON=1
# On a terminal it would complain of that at each start.
DENO_LOG=error,deno::cache=off
export DLSLURM_BOOT_SELF DLSLURM_BOOT_NAMES HOME DENO_DIR DENO_NO_UPDATE_CHECK DENO_NO_PACKAGE_JSON
export DENO_LOG

dls_run='run @RUN_OPTIONS@'

# Does the runtime start with the flag $1, and $2 kB of addresses less than are allowed? Where it does not
# it would leave a core and a long trace.
dls_try() {
  (
    ulimit -c 0
    ulimit -S -v "$2" && "$dls_home/deno" $dls_run$1 data:text/javascript,0 || exit 1
  ) </dev/null >/dev/null 2>&1
}

# The runtime reserves (not: uses) addresses. The limit is not raised here: sbatch hands limits on to the
# job. Where there is one, it is tried whether the runtime can live with it, and with which seed.
dls_flag=''
case $dls_room in
  '') dls_limit=$(ulimit -v 2>/dev/null) ;;
  *[!0-9]*) dls_limit='' ;;
  *) dls_limit=$((dls_room / 1024)) ;;
esac
case $dls_limit in
  *[!0-9]* | '') ;; # unlimited
  *) [ "$dls_limit" -ge @AMPLE_KB@ ] || {
    for dls_seed in @SEEDS@ none; do
      dls_flag=,--random-seed=$dls_seed
      [ "$dls_seed" = none ] || ! dls_try "$dls_flag" $((dls_limit - @SPARE_KB@)) || break
    done
    [ "$dls_seed" != none ] || dls_refuse_limit
  } ;;
esac

# What reads a whole history holds much at once. Where addresses are few it has to do with less room.
case ${1-}$dls_flag in export | report) dls_flag=@ROOM@ ;; esac

exec "$dls_home/deno" $dls_run$dls_flag \
  "$dls_home/$dls_program.js" "$@"
}
