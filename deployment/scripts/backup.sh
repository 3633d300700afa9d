#!/usr/bin/env bash
# backup.sh prod|staging|test [FILE]: writes everything into one file (docs/backup.md) while the server runs. Without FILE:
# deployment/backups/ENVIRONMENT/DATE.backup, of which the newest KEEP (14) stay.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
umask 077

folder="$deployment/backups/$environment"
file="${2:-$folder/$(date -u +%Y-%m-%dT%H%M%SZ)-$$.backup}"
[ ! -e "$file" ] || fail "$file is there already."
mkdir -p "$(dirname "$file")"

inside=/app/data/leaving.backup
compose exec -T "backend-$environment" deye-hard backup "$inside" --force
# Under its name only when it is whole.
compose cp "backend-$environment:$inside" "$file.part"
compose exec -T "backend-$environment" rm -f "$inside"
mv "$file.part" "$file"
say "$file, $(wc -c <"$file") bytes"

if [ -z "${2:-}" ]; then
  # Names are dates, so the order of the names is that of time.
  find "$folder" -name '*.backup' | sort -r | tail -n +"$((${KEEP:-14} + 1))" | while read -r old; do rm -- "$old"; done
fi
