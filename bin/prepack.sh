#!/bin/sh
# Compiles the sources into dist/ for the package: Node strips types from sources, but not from those below node_modules.
set -eu
cd "$(dirname "$0")/.."
rm -rf dist
tsc -p tsconfig.dist.json
for file in pipelines/*/*.sh pipelines/*/*.pl pipelines/*/*.wav; do cp "$file" "dist/$file"; done
