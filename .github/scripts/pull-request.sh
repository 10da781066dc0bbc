#!/bin/sh
# Opens a pull request from the branch INGOT_BRANCH of INGOT_REPOSITORY (OWNER/NAME) with the text of INGOT_BODY, or gives an open one
# that text. The token comes from INGOT_PASSWORD by stdin. Needs gh.
set -eu
branch=${INGOT_BRANCH:-ingot-update}
body=${INGOT_BODY:-ingot-update.md}
GH_CONFIG_DIR=$(mktemp -d)
export GH_CONFIG_DIR
trap 'rm -rf "$GH_CONFIG_DIR"' EXIT
printf %s "$INGOT_PASSWORD" | gh auth login --with-token
# GitHub takes 65536 characters.
head -c 60000 "$body" > "$GH_CONFIG_DIR/body.md"
number=$(gh pr list --repo "$INGOT_REPOSITORY" --head "$branch" --state open --json number --jq '.[0].number // empty')
if [ -n "$number" ]; then
  gh pr edit "$number" --repo "$INGOT_REPOSITORY" --body-file "$GH_CONFIG_DIR/body.md"
else
  gh pr create --repo "$INGOT_REPOSITORY" --head "$branch" --title 'Update the locks of images' --body-file "$GH_CONFIG_DIR/body.md"
fi
