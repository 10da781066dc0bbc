#!/bin/sh
# Publishes every image that build.sh left a report of in INGOT_REPORT: a single one to INGOT_TO, of several each to INGOT_TO/NAME.
# Further variables are those of publish.sh.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
to=$INGOT_TO
set -- "${INGOT_REPORT:-ingot-report}"/*/report.json
for file in "$@"; do
  name=$(basename "$(dirname "$file")")
  [ "$#" -eq 1 ] || INGOT_TO=$to/$name
  INGOT_RECIPE=$name INGOT_TO=$INGOT_TO sh "$here/publish.sh"
done
