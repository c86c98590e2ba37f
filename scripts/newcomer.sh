#!/usr/bin/env bash
# Runs the README's first commands, the demo and the gate, as somebody would who has just cloned the
# project: a fresh clone of HEAD, an empty HOME, an ordinary user, and on PATH nothing but what every
# Debian has, git and Node: no Slurm, git-annex, datalad, deno, python, zsh, fish, mandoc, sqlite3, xz.
#
# usage: scripts/newcomer.sh [COMMAND]     COMMAND: a shell line to run in the clone instead
#
# As root it runs as the user nobody, else as whoever calls it. Needs a Debian, git, Node with npm, and
# the npm registry. What is not committed is not tried.
#
# The last line is `N passed, N failed`, in which the demo counts as one; exit status 1 if anything failed.
# With COMMAND it is that command's exit status, and there is no such line. DLSLURM_TEST_PASSED=FILE gets the
# list of the tests that passed.
set -uo pipefail

readonly DENO='npx -y deno@2.9.6'
# Beside what belongs to Debian's packages of priority "required".
readonly MORE_PROGRAMS=(awk git node npm npx)
# What the way to the registry may need.
readonly NETWORK_VARIABLES='^(npm_config_.*|NPM_CONFIG_.*|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|DENO_CERT|DENO_TLS_CA_STORE)$'

main() {
  local place
  place=$(mktemp -d "${TMPDIR:-/tmp}/newcomer.XXXXXX") || exit 1
  # shellcheck disable=SC2064 # the name as it is now
  trap "chmod -R u+rwX '$place' 2>/dev/null; rm -rf '$place'" EXIT
  git clone -q "$(git -C "$(dirname "$0")" rev-parse --show-toplevel)" "$place/dlslurm" || exit 1
  mkdir "$place/home" "$place/tmp" "$place/bin"
  link_programs "$place/bin" || exit 1
  if [[ $# -gt 0 ]]; then
    as_newcomer "$place" "$1"
    exit
  fi
  run_readme "$place"
}

run_readme() {
  local place=$1 count passed=0 failed=0
  printf '%s\n' "--- $DENO task demo"
  if as_newcomer "$place" "$DENO task demo"; then passed=1; else failed=1; fi
  printf '%s\n' "--- $DENO task ok"
  as_newcomer "$place" "$DENO task ok" "DLSLURM_TEST_PASSED=$place/tmp/passed" 2>&1 | tee "$place/log"
  [[ -z ${DLSLURM_TEST_PASSED-} ]] || cp "$place/tmp/passed" "$DLSLURM_TEST_PASSED"
  count=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$place/log" | tail -n 1)
  # Tests that ended without a count have failed.
  [[ $count =~ ^([0-9]+)\ passed,\ ([0-9]+) ]] || count='0 passed, 1 failed'
  [[ $count =~ ^([0-9]+)\ passed,\ ([0-9]+) ]]
  passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
  printf '\n%s passed, %s failed\n' "$passed" "$failed"
  [[ $failed == 0 ]]
}

# link_programs FOLDER: links to every program that a newcomer has.
link_programs() {
  local packages program name
  local -A known=()
  mapfile -t packages < <(dpkg-query -W -f '${Priority} ${binary:Package}\n' | sed -n 's/^required //p')
  [[ ${#packages[@]} -gt 0 ]] || { echo "error: Cannot tell what every Debian has: dpkg-query knows no packages" >&2; return 1; }
  # Where /bin is a link, packages name their programs there all the same.
  while IFS= read -r program; do known[${program##*/}]=1; done < <(dpkg-query -L "${packages[@]}" | grep -E '/s?bin/')
  for name in "${MORE_PROGRAMS[@]}"; do known[$name]=1; done
  for program in /usr/local/bin/* /usr/bin/* /bin/* /usr/sbin/* /sbin/*; do
    name=${program##*/}
    [[ -n ${known[$name]-} && ! -e $1/$name ]] && ln -s "$program" "$1/$name"
  done
  for name in "${MORE_PROGRAMS[@]}"; do
    [[ -e $1/$name ]] || ln -s "$(command -v "$name")" "$1/$name" || return 1
  done
}

# as_newcomer PLACE COMMAND [NAME=VALUE…]
as_newcomer() {
  local name variables=("${@:3}") change=()
  for name in $(compgen -e); do
    [[ $name =~ $NETWORK_VARIABLES ]] && variables+=("$name=${!name}")
  done
  if [[ $(id -u) == 0 ]]; then
    chmod 755 "$1"
    chown -R nobody:nogroup "$1/dlslurm" "$1/home" "$1/tmp"
    change=(setpriv --reuid nobody --regid nogroup --clear-groups)
  fi
  (cd "$1/dlslurm" && exec env -i PATH="$1/bin" HOME="$1/home" TMPDIR="$1/tmp" LANG=C.UTF-8 TERM=dumb \
    USER="$(newcomer_name)" LOGNAME="$(newcomer_name)" ${variables[@]+"${variables[@]}"} \
    "${change[@]}" bash -c "$2") </dev/null
}

newcomer_name() { if [[ $(id -u) == 0 ]]; then echo nobody; else id -un; fi; }

main "$@"
