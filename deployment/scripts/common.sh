# shellcheck shell=bash
# For the other scripts: to be sourced with the environment's name as $1 (prod, staging or test).
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

environment="${1:-}"
case "$environment" in
  prod | staging | test) ;;
  *) fail "Which environment? prod, staging or test." ;;
esac

deployment="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
env_file="$deployment/.env.$environment"
[ -f "$env_file" ] || fail "There is no $env_file: copy env.example there and run make-secrets.sh $env_file"

# One setting of the environment's file, as it stands there.
setting() { sed -n "s/^$1=//p" "$env_file" | tail -n 1; }

compose() {
  docker compose --env-file "$env_file" -f "$deployment/docker-compose.$environment.yml" "$@"
}

is_running() { [ -n "$(compose ps --status running --quiet "backend-$environment")" ]; }

confirm() {
  [ "${YES:-}" = 1 ] && return
  printf '%s Type "yes": ' "$1" >&2
  read -r reply
  [ "$reply" = yes ] || fail "Nothing was done."
}
