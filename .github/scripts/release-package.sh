#!/bin/sh
# Makes a release of INGOT_TAG in INGOT_REPOSITORY (OWNER/NAME) out of what pack.sh left in INGOT_PACKAGE; its bytes are checked
# first. The token comes from INGOT_PASSWORD by stdin. Needs gh.
set -eu
GH_CONFIG_DIR=$(mktemp -d)
export GH_CONFIG_DIR
trap 'rm -rf "$GH_CONFIG_DIR"' EXIT
cd "$INGOT_PACKAGE"
sha256sum -c SHA256SUMS
printf %s "$INGOT_PASSWORD" | gh auth login --with-token
gh release create "$INGOT_TAG" --repo "$INGOT_REPOSITORY" --verify-tag --title "ingot $INGOT_TAG" --notes-file notes.md \
  "ingot-${INGOT_TAG#v}.tgz" SHA256SUMS
