#!/usr/bin/env bash
# build-and-push.sh TAG…: builds the image for amd64 and arm64 and pushes it under each TAG; v1.2.3 also as v1.2, v1 and prod.
#   IMAGE                                                 ghcr.io/bjoernh/pvinverterlink
#   DOCKER_REGISTRY_USERNAME, DOCKER_REGISTRY_PASSWORD    a token with write:packages
set -euo pipefail
[ $# -gt 0 ] || {
  echo "Which tag? build-and-push.sh v1.2.3" >&2
  exit 1
}
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
image="${IMAGE:-ghcr.io/bjoernh/pvinverterlink}"
tags=()
for tag in "$@"; do
  tags+=(--tag "$image:$tag")
  if [[ $tag =~ ^v([0-9]+)\.([0-9]+)\.[0-9]+$ ]]; then
    tags+=(--tag "$image:v${BASH_REMATCH[1]}.${BASH_REMATCH[2]}" --tag "$image:v${BASH_REMATCH[1]}" --tag "$image:prod")
  fi
done
[ -z "$(git status --porcelain)" ] || {
  echo "There are changes that are not committed: nobody could tell later what is in the image." >&2
  exit 1
}
tags+=(--tag "$image:sha-$(git rev-parse --short HEAD)")
if [ -n "${DOCKER_REGISTRY_PASSWORD:-}" ]; then
  printf '%s' "$DOCKER_REGISTRY_PASSWORD" | docker login ghcr.io --username "${DOCKER_REGISTRY_USERNAME:?}" --password-stdin
fi
docker buildx build --platform linux/amd64,linux/arm64 --target production "${tags[@]}" --push .
