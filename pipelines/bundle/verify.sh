#!/bin/sh
# Checks this bundle byte by byte. Needs a POSIX shell and sha256sum (or shasum); no network, nothing of ingot.
#   verify.sh [--with EARLIER] [--key KEY.pub]
# EARLIER: the unpacked bundle that a differential one builds on. KEY.pub: whose signatures must be there; cosign checks them.
# Exit: 0 all is well, 1 something is wrong and was named, 2 wrong use or no cosign for --key.
set -u
LC_ALL=C
export LC_ALL
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 2
earlier='' key=''
while [ $# -gt 0 ]; do
  case $1 in
    --with)
      [ $# -ge 2 ] || { echo "verify: --with needs a folder" >&2; exit 2; }
      earlier=$(CDPATH='' cd -- "$2" 2> /dev/null && pwd) || { echo "verify: no folder $2" >&2; exit 2; }
      shift 2 ;;
    --key)
      [ $# -ge 2 ] || { echo "verify: --key needs a public key" >&2; exit 2; }
      key=$2
      shift 2 ;;
    -h | --help) echo "usage: verify.sh [--with EARLIER] [--key KEY.pub]"; exit 0 ;;
    *) echo "usage: verify.sh [--with EARLIER] [--key KEY.pub]" >&2; exit 2 ;;
  esac
done

if command -v sha256sum > /dev/null 2>&1; then
  sum_of() { sha256sum < "$1" | cut -c1-64; }
elif command -v shasum > /dev/null 2>&1; then
  sum_of() { shasum -a 256 < "$1" | cut -c1-64; }
else
  echo "verify: neither sha256sum nor shasum is here" >&2
  exit 2
fi

wrong=0
problem() {
  wrong=$((wrong + 1))
  echo "WRONG: $1" >&2
}

# check LIST FOLDER: every line of LIST is a hash, two spaces and a path in FOLDER.
check() {
  while IFS= read -r line; do
    expected=${line%%  *}
    path=${line#*  }
    if [ ! -f "$2/$path" ]; then
      problem "$path is missing in $2"
      continue
    fi
    found=$(sum_of "$2/$path")
    [ "$found" = "$expected" ] && continue
    other=$(grep "^$found  " "$1" | head -n 1)
    if [ -n "$other" ]; then
      problem "$path holds the bytes of ${other#*  }: files were renamed or are in the wrong order"
    else
      problem "$path is damaged: sha256 $found, expected $expected"
    fi
  done < "$1"
}

if [ -f "$here/PARTS" ]; then list=PARTS; else list=SHA256SUMS; fi
if [ ! -f "$here/$list" ]; then
  echo "WRONG: $list is missing in $here" >&2
  exit 1
fi
check "$here/$list" "$here"
# Parts that do not belong here would be forgotten or mixed in.
for path in "$here"/bundle.tar.*; do
  [ -f "$path" ] || continue
  name=${path##*/}
  [ "$list" = PARTS ] && grep -q "  $name\$" "$here/PARTS" || problem "$name is no part of this bundle"
done

if [ -f "$here/EARLIER" ]; then
  read -r base < "$here/EARLIER"
  if [ -z "$earlier" ]; then
    problem "this bundle holds only what changed: name the earlier one with --with FOLDER"
  elif [ "$(sum_of "$earlier/SHA256SUMS" 2> /dev/null)" != "$base" ]; then
    problem "$earlier is not the bundle this one builds on (its SHA256SUMS must have sha256 $base)"
  else
    rest=$(mktemp) || exit 2
    sed 1d "$here/EARLIER" > "$rest"
    check "$rest" "$earlier"
    rm -f "$rest"
  fi
fi

# signed TYPE BUNDLE FILE NAME: whether the key signed a statement of that type about the bytes of FILE.
signed() {
  said=$("$cosign" verify-blob-attestation --key "$key" --insecure-ignore-tlog=true --type "$1" --bundle "$2" "$3" 2>&1) && return
  problem "$4 has no signature by $key in $2: $(echo "$said" | grep -v '^WARNING' | head -n 1)"
}

# Where a blob of this bundle is: here, or in the one before.
place_of() {
  for folder in "$here" "$earlier"; do
    if [ -f "$folder/blobs/sha256/$1" ]; then echo "$folder/blobs/sha256/$1"; return; fi
  done
  echo "$here/blobs/sha256/$1"
}

signature=https://sigstore.dev/cosign/sign/v1
check_signatures() {
  if [ ! -f "$here/$list.sigstore.json" ]; then
    problem "this bundle is not signed: it has no $list.sigstore.json"
    return
  fi
  # The list has the sum of every file, so that its signature is one over everything.
  signed "$signature" "$here/$list.sigstore.json" "$here/$list" "$list"
  [ -f "$here/ATTESTATIONS" ] || return
  while read -r image type path; do
    signed "$type" "$here/$path" "$(place_of "${image#sha256:}")" "$image"
  done < "$here/ATTESTATIONS"
  while read -r image name; do
    grep -q "^$image $signature " "$here/ATTESTATIONS" || problem "$name is not signed"
  done < "$here/IMAGES"
}

cosign=${INGOT_COSIGN:-cosign} unchecked=''
if [ -n "$key" ]; then
  if ! command -v "$cosign" > /dev/null 2>&1; then
    unchecked="NOT CHECKED: its signatures, as cosign is not here"
  elif [ "$wrong" -eq 0 ]; then
    check_signatures
  fi
fi

if [ "$wrong" -gt 0 ]; then
  echo "verify: $wrong wrong. Copy what is named again." >&2
  exit 1
fi
echo "bundle $(sum_of "$here/$list") is whole"
if [ -n "$unchecked" ]; then
  echo "$unchecked" >&2
  exit 2
elif [ -z "$key" ]; then
  [ ! -f "$here/$list.sigstore.json" ] || echo "not checked: its signatures; --key KEY.pub does that by cosign"
elif [ -f "$here/ATTESTATIONS" ]; then
  echo "signed by $key: it, and $(wc -l < "$here/ATTESTATIONS" | tr -d ' ') statements about its images"
else
  echo "signed by $key: all of it. Statements about its images are inside the parts; verify.sh of the unpacked bundle checks them"
fi
