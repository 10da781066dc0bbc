#!/bin/sh
# Types, lint, generated docs and the tests that need no engine.
set -eu
cd "$(dirname "$0")/../.."
npm run check
npm run test:unit
