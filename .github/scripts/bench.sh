#!/bin/sh
# With INGOT_BENCH=true puts every image that build.sh left a report of in INGOT_REPORT on the bench; other words do nothing. Reports go
# beside that of the build, their text to the run's summary. A limit that is not kept fails it. A machine that was too busy to judge
# fails it with INGOT_BENCHED=true alone: without it the image goes on, and what asks for its limits later finds that nothing was judged.
set -eu
[ "${INGOT_BENCH:-}" = true ] || exit 0
bin=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)/bin/ingot
for file in "${INGOT_REPORT:-ingot-report}"/*/report.json; do
  folder=$(dirname "$file")
  rm -f "$folder/load.json" "$folder/load.md"
  status=0
  "$bin" bench "$(basename "$folder")" --report "$folder" || status=$?
  [ ! -f "$folder/load.md" ] || [ -z "${GITHUB_STEP_SUMMARY:-}" ] || cat "$folder/load.md" >> "$GITHUB_STEP_SUMMARY"
  if [ "$status" -eq 3 ] && [ "${INGOT_BENCHED:-}" != true ] && [ -f "$folder/load.json" ]; then
    echo "$(basename "$folder"): nothing was judged on this machine" >&2
    continue
  fi
  [ "$status" -eq 0 ] || exit "$status"
done
