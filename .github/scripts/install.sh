#!/bin/sh
# Installs what ingot needs, from the lock, without packages that only its tests need when $1 is `production`.
set -eu
cd "$(dirname "$0")/../.."
if [ "${1:-}" = production ]; then exec npm ci --omit=dev --no-audit --no-fund; fi
exec npm ci --no-audit --no-fund
