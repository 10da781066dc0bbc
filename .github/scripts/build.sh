#!/bin/sh
# Builds, boots and verifies INGOT_RECIPE: recipes, FILE#NAME of a matrix, or folders of them, separated by spaces. Reports go to the
# folder INGOT_REPORT, their tables to the run's summary. Outputs of a single image: digest, verdict, image (with INGOT_TO its place
# there); of several the worst verdict; images is a JSON list of all, report the folder.
set -eu
output() { if [ -n "${GITHUB_OUTPUT:-}" ]; then cat >> "$GITHUB_OUTPUT"; else cat; fi; }
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
bin=$here/../../bin/ingot
node=$here/../../node_modules/.bin/node
[ -x "$node" ] || node=node
# In the checkout, from where a workflow caches and uploads it.
[ -n "${INGOT_STORE:-}" ] || mkdir -p .ingot/store
report=${INGOT_REPORT:-ingot-report}
mkdir -p "$report"
# Of an earlier run.
rm -f "$report"/*/report.json
status=0
# shellcheck disable=SC2086 # a list of words
"$bin" build $INGOT_RECIPE --report "$report" || status=$?
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  "$node" --disable-warning=ExperimentalWarning "$here/reports.ts" summary "$report" >> "$GITHUB_STEP_SUMMARY"
fi
"$node" --disable-warning=ExperimentalWarning "$here/reports.ts" outputs "$report" "${INGOT_TO:-}" | output
exit "$status"
