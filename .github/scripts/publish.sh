#!/bin/sh
# Publishes the image of INGOT_RECIPE to INGOT_TO under each of INGOT_TAGS. The password stays in INGOT_PASSWORD; without
# INGOT_USERNAME the logins of docker or podman are taken. INGOT_SBOM=true fails where syft is missing; INGOT_SIGN is a key
# as cosign names it, or keyless; INGOT_BENCHED=true refuses what did not keep its limits on the bench.
set -eu
output() { if [ -n "${GITHUB_OUTPUT:-}" ]; then cat >> "$GITHUB_OUTPUT"; else cat; fi; }
bin=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)/bin/ingot
set -- publish "$INGOT_RECIPE" --to "$(printf %s "$INGOT_TO" | tr '[:upper:]' '[:lower:]')"
for tag in $INGOT_TAGS; do set -- "$@" --tag "$tag"; done
if [ -n "${INGOT_USERNAME:-}" ]; then
  set -- "$@" --username "$INGOT_USERNAME" --password-from env://INGOT_PASSWORD
fi
[ "${INGOT_SBOM:-}" != true ] || set -- "$@" --sbom
[ "${INGOT_BENCHED:-}" != true ] || set -- "$@" --benched
[ -z "${INGOT_SIGN:-}" ] || set -- "$@" --sign "$INGOT_SIGN"
said=$(mktemp)
trap 'rm -f "$said"' EXIT
"$bin" "$@" > "$said"
cat "$said"
printf 'digest=%s\n' "$(tail -n 1 "$said")" | output
