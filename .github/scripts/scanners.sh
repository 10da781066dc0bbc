#!/bin/sh
# Installs syft and gitleaks, pinned, through the Go checksum database. With them a build applies gitleaks' rules, and what is
# published has an SBOM.
set -eu
go install github.com/zricethezav/gitleaks/v8@v8.30.1
go install github.com/anchore/syft/cmd/syft@v1.57.0
[ -z "${GITHUB_PATH:-}" ] || printf '%s/bin\n' "$(go env GOPATH)" >> "$GITHUB_PATH"
