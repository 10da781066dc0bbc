#!/bin/sh
# The digest of a candidate as an output: INGOT_REPOSITORY, INGOT_CANDIDATE (a tag). Lower case, as registries want names.
set -eu
output() { if [ -n "${GITHUB_OUTPUT:-}" ]; then cat >> "$GITHUB_OUTPUT"; else cat; fi; }
repository=$(printf %s "$INGOT_REPOSITORY" | tr '[:upper:]' '[:lower:]')
digest=$(crane digest "$repository:$INGOT_CANDIDATE")
printf 'repository=%s\ndigest=%s\n' "$repository" "$digest" | output
