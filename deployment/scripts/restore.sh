#!/usr/bin/env bash
# restore.sh prod|staging|test FILE: replaces EVERYTHING in the environment by a backup, after making one of what is there.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
umask 077

file="${2:-}"
[ -f "$file" ] || fail "Which backup? restore.sh $environment FILE"
confirm "Everything in $environment is replaced by $file."

if is_running; then "$deployment/scripts/backup.sh" "$environment"; fi
# The collector too: nothing may be written meanwhile. Loggers are not acknowledged, so they send it later.
compose stop "backend-$environment" "collector-$environment"
compose up --detach --wait "db-$environment"
psql() {
  compose exec -T "db-$environment" psql --username postgres --dbname postgres --no-psqlrc --set ON_ERROR_STOP=1 --command "$1"
}
psql 'DROP DATABASE IF EXISTS deye_hard_restored WITH (FORCE)'
psql 'CREATE DATABASE deye_hard_restored'

# Beside the database that is there: a backup that is refused changes nothing.
restored_url="postgresql://postgres:$(setting POSTGRES_PASSWORD)@db-$environment:5432/deye_hard_restored"
if ! compose run --rm --no-deps -T --env DATABASE_URL="$restored_url" --env ROLE_PREFIX=deye_hard --entrypoint sh \
  "backend-$environment" -c 'umask 077; cat >/app/data/arriving.backup
    deye-hard restore /app/data/arriving.backup; code=$?
    rm -f /app/data/arriving.backup; exit $code' <"$file"; then
  psql 'DROP DATABASE deye_hard_restored WITH (FORCE)'
  compose up --detach --wait
  fail "The backup was not restored; $environment runs on with what it had."
fi
psql 'DROP DATABASE IF EXISTS deye_hard WITH (FORCE)'
# TimescaleDB's own workers hold on to a database; without connections it can be renamed.
psql 'ALTER DATABASE deye_hard_restored ALLOW_CONNECTIONS false'
psql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'deye_hard_restored'"
psql 'ALTER DATABASE deye_hard_restored RENAME TO deye_hard'
psql 'ALTER DATABASE deye_hard ALLOW_CONNECTIONS true'
compose up --detach --wait --wait-timeout 300
compose exec -T "backend-$environment" deye-hard doctor
say "$environment runs with what was in $file."
