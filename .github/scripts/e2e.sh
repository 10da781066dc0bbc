#!/bin/sh
# Every test, on a real engine: the runner's Docker, or the lab where there is none.
set -eu
cd "$(dirname "$0")/../.."
exec npm test
