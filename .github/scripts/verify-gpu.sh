#!/bin/sh
# Boots a candidate on this machine's GPUs: INGOT_IMAGE (HOST/NAME@sha256:…), which has to be what INGOT_RECIPE and its
# committed lock become, is fetched from its registry and booted by its digest; no Dagger is needed. INGOT_USERNAME and
# INGOT_PASSWORD log in to the registry for this script alone. INGOT_RUNNER and INGOT_GPUS name another runner or other GPUs;
# INGOT_GPUS=none is for images of CPUs.
# With INGOT_BENCH=true it goes on the bench too, and a limit that is not kept fails this.
set -eu
bin=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)/bin/ingot
case $INGOT_IMAGE in *@sha256:*) ;; *) echo "INGOT_IMAGE must name a digest: what booted has to be what ships" >&2; exit 2 ;; esac
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
basic() { { printf '%s:' "$INGOT_USERNAME"; cat; } | base64 | tr -d '\n'; }
if [ -n "${INGOT_USERNAME:-}" ]; then
  printf %s "$INGOT_PASSWORD" | basic > "$scratch/basic"
  printf '{"auths":{"%s":{"auth":"%s"}}}' "${INGOT_IMAGE%%/*}" "$(cat "$scratch/basic")" > "$scratch/auth.json"
  export REGISTRY_AUTH_FILE="$scratch/auth.json"
fi
"$bin" build "$INGOT_RECIPE" --no-verify --from-registry "$INGOT_IMAGE" > "$scratch/said"
built=$(tail -n 1 "$scratch/said")
[ "$built" = "${INGOT_IMAGE##*@}" ] || { echo "$INGOT_RECIPE and its lock become $built here, which is not $INGOT_IMAGE" >&2; exit 1; }
report=${INGOT_REPORT:-ingot-report}
rm -f "$report/load.json"
set -- --runner "${INGOT_RUNNER:-docker}" --report "$report"
[ "${INGOT_GPUS:-all}" = none ] || set -- "$@" --gpus "${INGOT_GPUS:-all}"
"$bin" verify "$INGOT_RECIPE" "$@"
[ "${INGOT_BENCH:-}" != true ] || "$bin" bench "$INGOT_RECIPE" "$@"
