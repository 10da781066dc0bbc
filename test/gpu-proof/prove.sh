#!/bin/sh
# Proves the slimming of GPU code with the libraries of this machine. Needs Python with torch, and nothing from outside.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
node=${TMPDIR:-/tmp}/ingot-gpu-proof-node
if [ ! -x "$node" ]; then
  python3 -c 'import lzma, shutil, sys
with lzma.open(sys.argv[1]) as a, open(sys.argv[2], "wb") as b: shutil.copyfileobj(a, b)' "$here/node.xz" "$node.part" ||
    xz --decompress --stdout "$here/node.xz" > "$node.part"
  chmod 755 "$node.part"
  mv "$node.part" "$node"
fi
exec "$node" "$here/test/gpu-proof/prove.ts" "$@"
