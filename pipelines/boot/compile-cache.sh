#!/bin/sh
# What the compilers of the server whose first process is $2 wrote below the folders $4 and further, which are absolute.
#   added  one path a line: files that the image's own layer of compiled code did not put there
#   tar    such a layer with all of them, to the file $3, or to stdout for `-`
# Nothing where the server cannot be looked into.
mode=$1
root=/proc/$2/root
output=$3
shift 3
layer=usr/local/lib/ingot/compile-cache
[ -d "$root/" ] || exit 0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# Locks, and files that are still being written, are of this one process.
left_out='*.lock *.tmp *.pid .ninja_lock'

compiled() { # FOLDER of a root, then the folders
  (
    cd "$1" 2>/dev/null || exit 0
    shift
    set -f
    unwanted=
    for name in $left_out; do unwanted="$unwanted ! -name $name"; done
    # shellcheck disable=SC2086
    for folder; do
      [ ! -d ".$folder" ] || find ".$folder" \( -type f -o -type l \) $unwanted -printf '%p\n'
    done
  ) | sed 's,^\./,,' | LC_ALL=C sort
}

compiled "$root" "$@" > "$work/now"
case $mode in
  added)
    compiled "$root/$layer" "$@" > "$work/before"
    LC_ALL=C comm -23 "$work/now" "$work/before"
    ;;
  tar)
    # By it the program of the image tells whether the code is for its processor.
    grep -m 1 -E '^(flags|Features)' /proc/cpuinfo > "$work/processor"
    tar --create --file "$output" --format posix --no-recursion --verbatim-files-from \
      --pax-option 'exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime' \
      --owner 0 --group 0 --numeric-owner --mode 'u+rwX,go+rX,go-w,a-s' --mtime @1 \
      --transform "s,^,$layer/,S" \
      --directory "$work" processor --directory "$root" --files-from "$work/now"
    ;;
esac
