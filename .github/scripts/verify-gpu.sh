#!/bin/sh
# Boots a candidate on this machine's GPUs: INGOT_RECIPE is made here again from its committed lock, has to be the very digest of
# INGOT_IMAGE (HOST/NAME@sha256:…), and is booted by it. INGOT_RUNNER and INGOT_GPUS name another runner or other GPUs;
# INGOT_GPUS=none is for images of CPUs.
set -eu
bin=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)/bin/ingot
case $INGOT_IMAGE in *@sha256:*) ;; *) echo "INGOT_IMAGE must name a digest: what booted has to be what ships" >&2; exit 2 ;; esac
said=$(mktemp)
trap 'rm -f "$said"' EXIT
"$bin" build "$INGOT_RECIPE" --no-verify > "$said"
built=$(tail -n 1 "$said")
[ "$built" = "${INGOT_IMAGE##*@}" ] || { echo "$INGOT_RECIPE becomes $built here, which is not $INGOT_IMAGE" >&2; exit 1; }
set -- --runner "${INGOT_RUNNER:-docker}" --report "${INGOT_REPORT:-ingot-report}"
[ "${INGOT_GPUS:-all}" = none ] || set -- "$@" --gpus "${INGOT_GPUS:-all}"
"$bin" verify "$INGOT_RECIPE" "$@"
