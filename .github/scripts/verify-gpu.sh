#!/bin/sh
# Boots a published candidate by its digest on this machine's GPUs: INGOT_IMAGE is HOST/NAME@sha256:… INGOT_RUNNER and
# INGOT_GPUS name another runner or other GPUs; INGOT_GPUS=none is for images of CPUs.
set -eu
bin=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)/bin/ingot
case $INGOT_IMAGE in *@sha256:*) ;; *) echo "INGOT_IMAGE must name a digest: what booted has to be what ships" >&2; exit 2 ;; esac
set -- --runner "${INGOT_RUNNER:-docker}" --report "${INGOT_REPORT:-ingot-report}"
[ "${INGOT_GPUS:-all}" = none ] || set -- "$@" --gpus "${INGOT_GPUS:-all}"
exec "$bin" verify "$INGOT_IMAGE" "$@"
