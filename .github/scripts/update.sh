#!/bin/sh
# Takes what is newer into the locks of INGOT_RECIPES (files or folders, separated by spaces) in this checkout, and pushes them to the
# branch INGOT_BRANCH of origin; the tables become INGOT_BODY (a file). Outputs changed=true|false. INGOT_UPDATE has options of
# `ingot update`, such as --engine. INGOT_PASSWORD, a token, is sent to origin in a header; without it git's own login is taken.
set -eu
output() { if [ -n "${GITHUB_OUTPUT:-}" ]; then cat >> "$GITHUB_OUTPUT"; else cat; fi; }
bin=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)/bin/ingot
branch=${INGOT_BRANCH:-ingot-update}
body=${INGOT_BODY:-ingot-update.md}
status=0
# shellcheck disable=SC2086 # lists of words
"$bin" update $INGOT_RECIPES ${INGOT_UPDATE:-} --markdown > "$body" || status=$?
[ "$status" -eq 0 ] || printf 'A recipe was not updated: the log of this run says why.\n' >> "$body"
git checkout --quiet -B "$branch"
git add -- ':(glob)**/*.lock.json'
if git diff --cached --quiet; then
  printf 'changed=false\n' | output
  exit "$status"
fi
git -c user.name=ingot -c user.email=ingot@localhost commit --quiet -m 'Take what is newer into the locks'
if [ -n "${INGOT_PASSWORD:-}" ]; then
  basic() { { printf 'x-access-token:'; cat; } | base64 | tr -d '\n'; }
  header=$(
    printf %s "$INGOT_PASSWORD" | basic
  )
  export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=http.extraheader GIT_CONFIG_VALUE_0="Authorization: basic $header"
fi
git push --quiet --force origin "HEAD:refs/heads/$branch"
printf 'changed=true\n' | output
exit "$status"
