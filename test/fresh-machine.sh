#!/bin/sh
# Runs the tests as on a machine that has never seen this project: npm run test:fresh [-- [--chroot] [SCRIPT...]]
#
# A clone of what is committed here, with an empty HOME, an empty cache, an empty folder of tools, no .ingot and no node_modules,
# runs `npm run SCRIPT` for each SCRIPT (default: test). Two things are not made again, as they are downloads and no tools: Go's
# module cache, and the lab of INGOT_LAB_DIR, an engine that takes minutes to build and is not the tests' own.
#
# --chroot runs it in a root file system of its own as well, made by mmdebstrap with nothing but Debian's required packages and
# certificates; Node, npm and Go are lent from this machine, read-only. There the programs of Debian are missing too. It needs
# root, and has no engine: the default is test:unit, which is pure and contact.
#
# INGOT_TEST_RESULTS names a file for vitest's results as JSON (not with --chroot). What is not committed is not tested.
#
# Afterwards what is installed (the folder of tools, Debian's packages) is compared with what was installed before the tests.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
chroot=
if [ "${1:-}" = --chroot ]; then chroot=1 && shift; fi
[ $# -gt 0 ] || set -- "$([ -n "$chroot" ] && echo test:unit || echo test)"

place=$(mktemp -d "${TMPDIR:-/tmp}/ingot-fresh-XXXXXX")
trap 'rm -rf --one-file-system "$place"' EXIT
trap 'exit 130' INT TERM HUP
say() { printf 'fresh: %s\n' "$1" >&2; }

modules=$(go env GOMODCACHE)
lab=${INGOT_LAB_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/ingot-lab}
mkdir -p "$place/home" "$place/tools" "$modules" "$lab"
git clone -q "$root" "$place/ingot"

# The tests of a project, with what it installs first; a script is a name of package.json.
cat > "$place/run.sh" << 'END'
set -eu
cd "$INGOT_FRESH/ingot"
for script; do
  case $script in test:slow) cost=slow ;; test:unit | test:contact) cost=contact ;; test:pure) cost=pure ;; *) cost=e2e ;; esac
  npm run --silent tools -- --for "$cost"
  before=$(npm run --silent tools -- --state)
  npm run --silent "$script" -- ${FRESH_RESULTS:+--reporter=default --reporter=json "--outputFile.json=$FRESH_RESULTS"}
  [ "$before" = "$(npm run --silent tools -- --state)" ] || { echo "fresh: the tests of $script installed something" >&2; exit 1; }
done
END

export FRESH_RESULTS="${INGOT_TEST_RESULTS:-}"
forget() { # what this machine's own settings would bring along
  for name in $(env | sed -nE 's/^((INGOT|npm|VITEST|XDG|_EXPERIMENTAL_DAGGER)_[A-Za-z0-9_]*|GO(PATH|BIN|CACHE|FLAGS))=.*/\1/p'); do
    unset "$name"
  done
}

if [ -z "$chroot" ]; then
  say "npm run $* in a clone with an empty HOME and no tools, at $place"
  forget
  export HOME="$place/home" GOMODCACHE="$modules" INGOT_FRESH="$place" INGOT_TOOLS_DIR="$place/tools" INGOT_LAB_DIR="$lab" CI=true
  sh "$place/run.sh" "$@"
  say 'green'
  exit
fi

node=$(readlink -f "$(command -v node)")
npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
goroot=$(go env GOROOT)
# apt downloads as a user of its own, who has to reach the folder.
chmod 755 "$place"
# Node's own builds are linked with the two libraries.
say "making a root file system of Debian's required packages, a minute"
TMPDIR=$place mmdebstrap --quiet --variant=required --include=apt,ca-certificates,libatomic1,libstdc++6 \
  --aptopt='Acquire::Check-Valid-Until "false"' bookworm "$place/root" 2> "$place/mmdebstrap.log" \
  || { cat "$place/mmdebstrap.log" >&2; exit 1; }
cp /etc/resolv.conf "$place/root/etc/resolv.conf"
mkdir -p "$place/root/var/lib/cni" "$place/root/usr/local/share/ca-certificates"
for file in /usr/local/share/ca-certificates/*.crt; do
  [ ! -f "$file" ] || cp -L "$file" "$place/root/usr/local/share/ca-certificates/"
done
chroot "$place/root" update-ca-certificates > "$place/certificates.log" 2>&1
for name in npm npx; do
  printf '#!/bin/sh\nexec node /opt/npm/bin/%s-cli.js "$@"\n' "$name" > "$place/root/usr/local/bin/$name"
  chmod +x "$place/root/usr/local/bin/$name"
done
say "npm run $* in it"
forget
unset FRESH_RESULTS
export HOME=/fresh/home GOMODCACHE=/fresh-modules INGOT_FRESH=/fresh INGOT_TOOLS_DIR=/fresh/tools CI=true
export PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
unshare --mount --pid --fork --kill-child --propagation private sh "$root/lab/enter-rootfs.sh" fresh-machine "$place/root" \
  "$place/home:/fresh/home" "$place/tools:/fresh/tools" "$place/ingot:/fresh/ingot" "$place/run.sh:/fresh/run.sh" \
  "$modules:/fresh-modules" "$node:/usr/local/bin/node" "$npm:/opt/npm" "$goroot:/usr/local/go" -- sh /fresh/run.sh "$@"
say 'green'
