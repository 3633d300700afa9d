#!/usr/bin/env bash
# make-secrets.sh FILE: adds the secrets that FILE does not have yet. What is there stays: another ENCRYPTION_KEY could not read the data.
set -euo pipefail
file="${1:?Which file? make-secrets.sh FILE}"
umask 077
touch "$file"
chmod 600 "$file"
add() {
  grep -q "^$1=." "$file" && return
  # An empty line for it would come before ours and count as well.
  sed -i.old "/^$1=$/d" "$file" && rm -f "$file.old"
  printf '%s=%s\n' "$1" "$2" >>"$file"
  printf '%s was added to %s\n' "$1" "$file" >&2
}
add POSTGRES_PASSWORD "$(openssl rand -hex 24)"
add AUTH_SECRET "$(openssl rand -base64 48)"
# A Fernet key: 32 bytes in base64, in the alphabet that needs no quoting.
add ENCRYPTION_KEY "$(openssl rand -base64 32 | tr '+/' '-_')"
printf 'Keep a copy of ENCRYPTION_KEY in another place: no backup holds it.\n' >&2
