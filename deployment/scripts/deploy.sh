#!/usr/bin/env bash
# deploy.sh prod|staging|test: pulls the image, starts it, waits until it is healthy. Migrations run at the start.
#   IMAGE_TAG=v1.2.3                                      another image than the environment's own; before an older one see "Rollback" in
#                                                         docs/operations.md
#   DOCKER_REGISTRY_USERNAME, DOCKER_REGISTRY_PASSWORD    where the registry asks for them
#   YES=1                                                 asks nothing
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

domain="$(setting DOMAIN)"
[ -n "$domain" ] || fail "DOMAIN is not set in $env_file."
for name in POSTGRES_PASSWORD AUTH_SECRET ENCRYPTION_KEY; do
  [ -n "$(setting "$name")" ] || fail "$name is not set in $env_file: run make-secrets.sh $env_file"
done
case "$(setting COOKIE_SECURE)" in
  '' | [Tt]rue | 1) ;;
  *) fail "COOKIE_SECURE must not be off where the pages come over https." ;;
esac
[ "$environment" != prod ] || confirm "Deploy ${IMAGE_TAG:-$environment} to $domain?"

if [ -n "${DOCKER_REGISTRY_PASSWORD:-}" ]; then
  printf '%s' "$DOCKER_REGISTRY_PASSWORD" |
    docker login ghcr.io --username "${DOCKER_REGISTRY_USERNAME:?}" --password-stdin
fi

compose pull
# What was there before can be had back, whatever the new version does to it.
if is_running; then "$deployment/scripts/backup.sh" "$environment"; fi

if ! compose up --detach --wait --wait-timeout 300; then
  compose logs --tail 50 >&2
  fail "It did not become healthy. Back to the version before: IMAGE_TAG=… deploy-$environment.sh; see docs/operations.md"
fi
compose exec -T "backend-$environment" deye-hard doctor
curl --fail --silent --show-error --max-time 20 --retry 6 --retry-delay 5 --retry-all-errors "https://$domain/healthcheck" ||
  fail "The containers are well, but https://$domain does not answer: is Traefik running, does the DNS entry lead here?"
printf '%s %s\n' "$(date -u +%FT%TZ)" "${IMAGE_TAG:-$(setting IMAGE_TAG)}" >>"$deployment/.deployed-$environment"
say "$environment is deployed."
