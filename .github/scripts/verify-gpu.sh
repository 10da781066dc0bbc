#!/bin/sh
# Boots a published candidate by its digest on this machine's GPUs: INGOT_IMAGE is HOST/NAME@sha256:…
set -eu
bin=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)/bin/ingot
case $INGOT_IMAGE in *@sha256:*) ;; *) echo "INGOT_IMAGE must name a digest: what booted has to be what ships" >&2; exit 2 ;; esac
exec "$bin" verify "$INGOT_IMAGE" --runner "${INGOT_RUNNER:-docker}" --gpus all --report "${INGOT_REPORT:-ingot-report}"
