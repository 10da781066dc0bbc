#!/bin/sh
# Installs crane, pinned, through the Go checksum database.
set -eu
go install github.com/google/go-containerregistry/cmd/crane@v0.22.1
[ -z "${GITHUB_PATH:-}" ] || printf '%s/bin\n' "$(go env GOPATH)" >> "$GITHUB_PATH"
