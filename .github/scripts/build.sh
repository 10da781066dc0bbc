#!/bin/sh
# Builds, boots and verifies INGOT_RECIPE; its digest becomes an output, what was checked part of the run's summary.
set -eu
output() { if [ -n "${GITHUB_OUTPUT:-}" ]; then cat >> "$GITHUB_OUTPUT"; else cat; fi; }
bin=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)/bin/ingot
said=$(mktemp)
trap 'rm -f "$said"' EXIT
status=0
"$bin" build "$INGOT_RECIPE" > "$said" || status=$?
cat "$said"
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  { printf '```\n'; cat "$said"; printf '```\n'; } >> "$GITHUB_STEP_SUMMARY"
fi
[ "$status" -eq 0 ] || exit "$status"
printf 'digest=%s\n' "$(tail -n 1 "$said")" | output
