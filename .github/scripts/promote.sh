#!/bin/sh
# Points each of INGOT_TAGS at INGOT_REPOSITORY@INGOT_DIGEST and looks where they point. Nothing is built or copied.
set -eu
for tag in $INGOT_TAGS; do
  crane tag "$INGOT_REPOSITORY@$INGOT_DIGEST" "$tag"
  found=$(crane digest "$INGOT_REPOSITORY:$tag")
  [ "$found" = "$INGOT_DIGEST" ] || { echo "$tag points to $found" >&2; exit 1; }
  echo "$INGOT_REPOSITORY:$tag $found"
done
