#!/bin/sh
# Checks this bundle, then gives its images to a container tool or a registry. No network is needed, but for --to.
#   load.sh [--tool podman|docker|nerdctl|ctr] [--with EARLIER] [--key KEY.pub]     into the tool's own store
#   load.sh --to HOST/PATH [--with EARLIER] [--key KEY.pub]    into a registry, by skopeo, signatures and documents first
#   load.sh --unpack FOLDER [--with EARLIER] [--key KEY.pub]   as a whole OCI layout in a folder
set -eu
LC_ALL=C
export LC_ALL
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
usage() { sed -n '3,5s/^#   //p' "$0"; }
misused() {
  usage >&2
  exit 2
}
fail() {
  echo "load: $1" >&2
  exit 1
}

tool='' earlier='' registry='' unpack='' key=''
while [ $# -gt 0 ]; do
  case $1 in -h | --help) usage; exit 0 ;; esac
  [ $# -ge 2 ] || misused
  case $1 in
    --tool) tool=$2 ;;
    --with) earlier=$2 ;;
    --key) key=$2 ;;
    --to) registry=$2 ;;
    --unpack) unpack=$2 ;;
    *) misused ;;
  esac
  shift 2
done

sh "$here/verify.sh" ${earlier:+--with "$earlier"} ${key:+--key "$key"}

if [ -z "$tool$registry$unpack" ]; then
  for candidate in podman docker nerdctl ctr; do
    if command -v "$candidate" > /dev/null 2>&1; then tool=$candidate; break; fi
  done
  [ -n "$tool" ] || fail "none of podman, docker, nerdctl, ctr is here; name another with --tool, or a registry with --to"
fi

[ -z "$registry" ] || command -v skopeo > /dev/null 2>&1 || fail "--to needs skopeo, which is not here"

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
      mkdir -p "$layout/${path%/*}"
      # A link costs nothing where both are on one disk.
      ln "$base/$path" "$layout/$path" 2> /dev/null || cp "$base/$path" "$layout/$path"
    done
    # From here on it is a whole bundle, on which a later one can build.
    mv "$layout/SHA256SUMS.whole" "$layout/SHA256SUMS"
    rm -f "$layout/SHA256SUMS.sigstore.json"
    [ ! -f "$layout/SHA256SUMS.whole.sigstore.json" ] || mv "$layout/SHA256SUMS.whole.sigstore.json" "$layout/SHA256SUMS.sigstore.json"
    rm "$layout/EARLIER"
  fi
fi
[ -z "$unpack" ] || { echo "$layout"; exit 0; }

# The digests that an index lists, sorted.
digests() { tr '",' '\n\n' | sed -n '/^sha256:/p' | sort -u; }

# without FILE OTHER: the lines of a file that another does not have. Busybox has no comm, and its grep wants a pattern.
without() {
  awk -v other="$2" 'BEGIN { while ((getline line < other) > 0) seen[line] = 1 } !($0 in seen)' "$1"
}

# into_registry OPTION... FROM TO: skopeo's words tell what was wrong and not what it can be told.
into_registry() {
  # shellcheck disable=SC2086
  skopeo copy --preserve-digests ${INGOT_SKOPEO_FLAGS:-} "$@" || fail "skopeo could not copy into $registry; INGOT_SKOPEO_FLAGS gives it \
flags, such as --dest-authfile FILE with a login, or --dest-tls-verify=false for a registry without TLS. What it copied stays; run this again"
}

# attach IMAGE REPOSITORY: what speaks about an image goes to a registry: by digest, for those that list referrers, and by an
# index under a tag, for those that do not.
attach() {
  index=$(sed -n "s/^$1 //p" "$layout/attached/INDEXES" 2> /dev/null) || :
  [ -n "$index" ] || return 0
  tag=sha256-${1#sha256:} from=$layout/attached
  # shellcheck disable=SC2086
  skopeo inspect --raw --retry-times 3 $(as_flags '') "docker://$2:$tag" 2> /dev/null | digests > "$scratch/theirs"
  digests < "$from/blobs/sha256/${index#sha256:}" > "$scratch/ours"
  missing=$(without "$scratch/ours" "$scratch/theirs")
  [ -n "$missing" ] || return 0
  without "$scratch/theirs" "$scratch/ours" > "$scratch/others"
  if [ -s "$scratch/others" ]; then
    merge "$2" "$tag"
    from=$scratch/merged
  fi
  into_registry --all "oci:$from:$tag" "docker://$2:$tag"
}

# The flags for a registry that is written to, as those for one that is read.
as_flags() { echo "${INGOT_SKOPEO_FLAGS:-}" | sed "s/--dest-/--$1/g"; }

# merge REPOSITORY TAG: what the site, or an earlier bundle, has under the tag stays there.
merge() {
  rm -rf "$scratch/merged"
  mkdir "$scratch/merged"
  cp -R "$layout/attached/blobs" "$layout/attached/oci-layout" "$scratch/merged"
  while read -r other; do
    # shellcheck disable=SC2086
    skopeo copy --preserve-digests $(as_flags src-) "docker://$1@$other" "oci:$scratch/merged:${other#sha256:}"
  done < "$scratch/others"
  manifest=application/vnd.oci.image.manifest.v1+json list=application/vnd.oci.image.index.v1+json
  entries=$(sort -u "$scratch/ours" "$scratch/others" | while read -r one; do
    size=$(wc -c < "$scratch/merged/blobs/sha256/${one#sha256:}" | tr -d ' ')
    printf ',{"mediaType":"%s","digest":"%s","size":%s}' "$manifest" "$one" "$size"
  done)
  printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s]}' "$list" "${entries#,}" > "$scratch/index"
  sum=$(sha256sum < "$scratch/index" | cut -c1-64)
  cp "$scratch/index" "$scratch/merged/blobs/sha256/$sum"
  printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s","digest":"sha256:%s","size":%s,"annotations":{"org.opencontainers.image.ref.name":"%s"}}]}' \
    "$list" "$sum" "$(wc -c < "$scratch/index" | tr -d ' ')" "$2" > "$scratch/merged/index.json"
}

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
    repository=${name#localhost/}
    attach "$digest" "$registry/${repository%:*}"
    into_registry "oci:$layout:$name" "docker://$registry/${name#localhost/}"
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
[ -z "$registry" ] || exit 0
if [ -d "$here/run-files" ]; then
  echo "load: run-files/ says how to start each: .sh for docker, .container for Podman's quadlets, .compose.yaml and .kubernetes.yaml" >&2
else
  echo "load: how to start each is in run-files/ of the folder that load.sh --unpack FOLDER makes" >&2
fi
