#!/bin/sh
# Packs ingot itself into the folder INGOT_PACKAGE: the tarball, its sha256 and the changelog's section as notes.md. Stops unless
# INGOT_TAG is v and the version of package.json, and unless the changelog knows that version.
set -eu
cd "$(dirname "$0")/../.."
fail() { echo "pack ingot $INGOT_TAG: $1" >&2; exit 1; }
version=$(node -p 'require("./package.json").version')
[ "$INGOT_TAG" = "v$version" ] || fail "package.json says $version; tag v$version, or change its version first"
mkdir -p "$INGOT_PACKAGE"
awk -v heading="## $version" '$0 == heading { found = 1; next } /^## / { found = 0 } found' CHANGELOG.md > "$INGOT_PACKAGE/notes.md"
grep -q '[^[:space:]]' "$INGOT_PACKAGE/notes.md" || fail "CHANGELOG.md has nothing under ## $version"
npm pack --pack-destination "$INGOT_PACKAGE" > /dev/null
cd "$INGOT_PACKAGE"
sha256sum "ingot-$version.tgz" > SHA256SUMS
cat SHA256SUMS
