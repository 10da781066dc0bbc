#!/bin/sh
# Writes the build matrix and whether it has anything to the step's outputs (to stdout elsewhere). INGOT_DEVICE, INGOT_BASE.
set -eu
output() { if [ -n "${GITHUB_OUTPUT:-}" ]; then cat >> "$GITHUB_OUTPUT"; else cat; fi; }
here=$(dirname "$0")
node=$here/../../node_modules/.bin/node
[ -x "$node" ] || node=node
matrix=$("$node" --disable-warning=ExperimentalWarning "$here/matrix.ts" "${INGOT_DEVICE:-cpu}" "${INGOT_BASE:-}")
any=true
[ "$matrix" != '{"include":[]}' ] || any=false
printf 'matrix=%s\nany=%s\n' "$matrix" "$any" | output
