#!/bin/sh
# dlslurm @VERSION@ (@TARGET@)
#
# One file in three parts: this start script, the program (text, some lines below), and its runtime
# (Deno @RUNTIME_VERSION@, compressed). The first start unpacks the runtime, later ones only execute
# it. Nothing is fetched from anywhere.
#
# DLSLURM_CACHE_DIR names another folder to unpack to: about @NEED_MB@ MB, not mounted noexec. A folder
# that somebody else has filled may be read-only.
#
# All of it stands inside one { } so that the shell has read it to the end before it runs any of it:
# the file may be replaced meanwhile, and a file cut off in here is a syntax error, not half a start.
{
# Names start with dls_ because a variable of the same name in the user's environment would be changed.
dls_runtime_id=@RUNTIME_ID@
dls_program=dlslurm-@PROGRAM_ID@

case $0 in
  /*) dls_self=$0 ;;
  */*) dls_self=${PWD%/}/$0 ;;
  *) if [ -f "$0" ]; then dls_self=${PWD%/}/$0; else dls_self=$(command -v -- "$0"); fi ;;
esac

# Standard tools are found whatever the user's PATH is; to be used in subshells only.
dls_tools() { PATH=${PATH:+$PATH:}/usr/bin:/bin LC_ALL=C; export PATH LC_ALL; }

# Is everything in folder $1, whole and executable? One process: sizes show what a crash or a full disk
# cut short; test -x sees a noexec mount; -n keeps ls from looking up user names.
dls_ready() {
  [ -x "$1/deno" ] && [ -f "$1/$dls_program.js" ] || return 1
  dls_listing=$(dls_tools; ls -lnL -- "$1/deno" "$1/$dls_program.js" "$1/$dls_program.txt" 2>/dev/null)
  # ls sorts: deno, .js, .txt
  case $dls_listing in
    *" @RUNTIME_SIZE@ "*/deno*" @BLOCK@ "*"/$dls_program.js"*" @PROGRAM_SIZE@ "*"/$dls_program.txt") ;;
    *) return 1 ;;
  esac
  dls_home=$1
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
  dls_ready "$1" || { echo "what was unpacked there is not whole"; return 1; }
}

# Tries to unpack into folder $1; keeps the reason in dls_tried when it cannot be.
dls_install() {
  [ ! -t 2 ] || echo "dlslurm: first start, unpacking the runtime to $1" >&2
  if dls_reason=$(dls_unpack "$1" 2>&1) && dls_ready "$1"; then return 0; fi
  dls_tried="$dls_tried
  $1: ${dls_reason:-it could not be unpacked there}"
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

dls_give_up() {
  echo "error: Cannot unpack the runtime of \"$dls_self\": no place can be used$dls_tried" >&2
  echo "hint: export DLSLURM_CACHE_DIR=/a/folder/with/@NEED_MB@/MB/free/not/mounted/noexec" >&2
  exit 1
}

# The runtime reserves (not: uses) 52 GB of addresses and otherwise dies with a long trace. The limit is
# not raised here: sbatch hands limits on to the job.
dls_limit=$(ulimit -v 2>/dev/null)
case $dls_limit in
  *[!0-9]* | '') ;; # unlimited
  *) if [ "$dls_limit" -lt 56000000 ]; then
    echo "error: Cannot start \"$dls_self\": only $dls_limit kB of addresses are allowed (ulimit -v)" >&2
    echo "hint: it reserves 56000000 kB, though it uses little: ulimit -v 56000000, or unlimited" >&2
    exit 1
  fi ;;
esac

dls_tried=''
dls_choose_shared
{ [ -n "$dls_shared" ] && dls_ready "$dls_shared"; } ||
  { dls_choose_own && dls_private "$dls_own" && dls_ready "$dls_own"; } ||
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
exec "$dls_home/deno" run @RUN_OPTIONS@ \
  "$dls_home/$dls_program.js" "$@"
}
