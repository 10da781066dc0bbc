#!/bin/sh
# Checks this bundle, then gives its images to a container tool or a registry. No network is needed, but for --to.
#   load.sh [--tool podman|docker|nerdctl|ctr] [--with EARLIER]     into the tool's own store
#   load.sh --to HOST/PATH [--with EARLIER]                         into a registry, by skopeo
#   load.sh --unpack FOLDER [--with EARLIER]                        as a whole OCI layout in a folder
set -eu
LC_ALL=C
export LC_ALL
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
usage() {
  sed -n '3,5s/^#   //p' "$0" >&2
  exit 2
}
fail() {
  echo "load: $1" >&2
  exit 1
}

tool='' earlier='' registry='' unpack=''
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || usage
  case $1 in
    --tool) tool=$2 ;;
    --with) earlier=$2 ;;
    --to) registry=$2 ;;
    --unpack) unpack=$2 ;;
    *) usage ;;
  esac
  shift 2
done

if [ -n "$earlier" ]; then
  sh "$here/verify.sh" --with "$earlier"
else
  sh "$here/verify.sh"
fi

if [ -z "$tool$registry$unpack" ]; then
  for candidate in podman docker nerdctl ctr; do
    if command -v "$candidate" > /dev/null 2>&1; then tool=$candidate; break; fi
  done
  [ -n "$tool" ] || fail "none of podman, docker, nerdctl, ctr is here; name another with --tool, or a registry with --to"
fi

# The layout to read from: this folder, or a whole one made of parts and of the earlier bundle.
layout=$here
scratch=$(mktemp -d "${TMPDIR:-/var/tmp}/bundle.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
if [ -f "$here/PARTS" ] || [ -f "$here/EARLIER" ] || [ -n "$unpack" ]; then
  if [ -n "$unpack" ]; then
    [ ! -e "$unpack" ] || fail "$unpack is there already"
    mkdir -p "$unpack"
    layout=$(CDPATH='' cd -- "$unpack" && pwd)
  else
    layout=$scratch/layout
    mkdir "$layout"
  fi
  if [ -f "$here/PARTS" ]; then
    grep '  bundle\.tar\.' "$here/PARTS" | while IFS= read -r line; do cat "$here/${line#*  }"; done | tar -xf - -C "$layout"
  else
    tar -cf - -C "$here" . | tar -xf - -C "$layout"
  fi
  if [ -f "$layout/EARLIER" ]; then
    base=$(CDPATH='' cd -- "$earlier" && pwd)
    sed 1d "$layout/EARLIER" | while IFS= read -r line; do
      path=${line#*  }
      # A link costs nothing where both are on one disk.
      ln "$base/$path" "$layout/$path" 2> /dev/null || cp "$base/$path" "$layout/$path"
    done
    # From here on it is a whole bundle, on which a later one can build.
    mv "$layout/SHA256SUMS.whole" "$layout/SHA256SUMS"
    rm "$layout/EARLIER"
  fi
fi
[ -z "$unpack" ] || { echo "$layout"; exit 0; }

archive() { tar -cf - -C "$layout" oci-layout index.json manifest.json blobs; }

if [ -z "$registry" ]; then
  case $tool in
    podman) ;;
    docker | nerdctl) archive | "$tool" load ;;
    ctr) archive | ctr -n "${CONTAINERD_NAMESPACE:-k8s.io}" images import - ;;
    *) fail "--tool $tool is none of podman, docker, nerdctl, ctr" ;;
  esac
fi
links=$scratch/links
mkdir "$links"
ln -s "$layout" "$links/bundle"
while read -r digest name; do
  if [ -n "$registry" ]; then
    # Names in the bundle begin with localhost/, which the registry takes the place of.
    # shellcheck disable=SC2086
    skopeo copy --preserve-digests ${INGOT_SKOPEO_FLAGS:-} "oci:$layout:$name" "docker://$registry/${name#localhost/}"
    echo "$registry/${name#localhost/} $digest"
  elif [ "$tool" = podman ]; then
    # Podman also names what it reads by the folder, and refuses capitals there.
    id=$(cd "$links" && podman pull -q "oci:bundle:$name")
    podman tag "$id" "$name"
    podman untag "$id" localhost/bundle:latest 2> /dev/null || :
    echo "$name $digest"
  else
    echo "$name $digest"
  fi
done < "$layout/IMAGES"
