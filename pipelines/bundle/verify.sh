#!/bin/sh
# Checks this bundle byte by byte. Needs a POSIX shell and sha256sum (or shasum); no network, nothing of ingot.
#   verify.sh [--with EARLIER]   EARLIER: the unpacked bundle that a differential one builds on
# Exit: 0 all is well, 1 something is wrong and was named, 2 wrong use.
set -u
LC_ALL=C
export LC_ALL
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 2
earlier=
while [ $# -gt 0 ]; do
  case $1 in
    --with)
      [ $# -ge 2 ] || { echo "verify: --with needs a folder" >&2; exit 2; }
      earlier=$(CDPATH='' cd -- "$2" 2> /dev/null && pwd) || { echo "verify: no folder $2" >&2; exit 2; }
      shift 2 ;;
    *) echo "usage: verify.sh [--with EARLIER]" >&2; exit 2 ;;
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

if [ "$wrong" -gt 0 ]; then
  echo "verify: $wrong wrong. Copy what is named again." >&2
  exit 1
fi
echo "bundle $(sum_of "$here/$list") is whole"
