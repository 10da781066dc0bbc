#!/bin/sh
# Installs crane and regctl, pinned, through the Go checksum database.
set -eu
go install github.com/google/go-containerregistry/cmd/crane@v0.22.1
go install github.com/regclient/regclient/cmd/regctl@v0.11.7
[ -z "${GITHUB_PATH:-}" ] || printf '%s/bin\n' "$(go env GOPATH)" >> "$GITHUB_PATH"
