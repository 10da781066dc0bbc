#!/bin/sh
# Attests what a boot of INGOT_IMAGE (HOST/NAME@sha256:…) reported into the folder INGOT_REPORT, as sign.sh does: keyless in
# Actions, by COSIGN_KEY elsewhere. Stops unless the report is about this digest and says verified. Needs cosign and jq.
set -eu
report=${INGOT_REPORT:-ingot-report}/report.json
fail() { echo "$INGOT_IMAGE: $1" >&2; exit 1; }
digest=sha256:${INGOT_IMAGE#*@sha256:}
[ "$(jq -r .image "$report")" = "$digest" ] || fail "the report is about $(jq -r .image "$report")"
[ "$(jq -r .verdict "$report")" = verified ] || fail "the verdict is $(jq -r .verdict "$report")"
predicates=$(mktemp -d)
trap 'rm -rf "$predicates"' EXIT
cp "$report" "$predicates/report.json"
INGOT_REPOSITORY=${INGOT_IMAGE%@*} INGOT_DIGEST=$digest INGOT_PREDICATES=$predicates sh "$(dirname "$0")/sign.sh"
