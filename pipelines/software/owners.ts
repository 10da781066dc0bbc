/**
 * Says which distribution of a Python environment owns which file, as `pypi/NAME<tab>PATH` lines, from the RECORD of each.
 * Arguments are folders of packages. Names with a comma, which RECORD puts in quotes, are not known; there are none.
 */
export const environmentOwnersScript = `
for folder in "$@"; do
  for record in "$folder"/*.dist-info/RECORD; do
    [ -e "$record" ] || continue
    name=$(sed -n 's/^Name: *//p' "\${record%/*}/METADATA" | head -n 1)
    awk -F, -v folder="$folder" -v name="$name" '{
      path = $1; root = folder
      while (sub(/^\\.\\.\\//, "", path)) sub(/\\/[^\\/]*$/, "", root)
      print "pypi/" name "\\t" root "/" path
    }' "$record"
  done
done
`
