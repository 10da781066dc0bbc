#!/bin/sh
# Attests what a boot of INGOT_IMAGE (HOST/NAME@sha256:…) reported into the folder INGOT_REPORT, as sign.sh does: keyless in
# Actions, by COSIGN_KEY elsewhere. Stops unless the report is about this digest and says verified, and unless
# what the bench reported, where it did, is about it and kept its limits. Needs cosign and jq.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
report=${INGOT_REPORT:-ingot-report}/report.json
bench=${INGOT_REPORT:-ingot-report}/load.json
fail() { echo "$INGOT_IMAGE: $1" >&2; exit 1; }
digest=sha256:${INGOT_IMAGE#*@sha256:}
[ "$(jq -r .image "$report")" = "$digest" ] || fail "the report is about $(jq -r .image "$report")"
[ "$(jq -r .verdict "$report")" = verified ] || fail "the verdict is $(jq -r .verdict "$report")"
if [ -f "$bench" ]; then
  [ "$(jq -r .image "$bench")" = "$digest" ] || fail "the report of the bench is about $(jq -r .image "$bench")"
  doubt=$(jq -r -f "$here/doubt.jq" "$bench")
  [ -z "$doubt" ] || fail "$doubt"
fi
predicates=$(mktemp -d)
trap 'rm -rf "$predicates"' EXIT
cp "$report" "$predicates/report.json"
[ ! -f "$bench" ] || cp "$bench" "$predicates/bench.json"
INGOT_REPOSITORY=${INGOT_IMAGE%@*} INGOT_DIGEST=$digest INGOT_PREDICATES=$predicates sh "$here/sign.sh"
