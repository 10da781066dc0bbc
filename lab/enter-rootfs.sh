#!/bin/sh
# Turns a directory into the root of a new container and runs a command in it as its init.
#   unshare --mount --pid --fork --kill-child --propagation private sh enter-rootfs.sh LABEL ROOT [SOURCE:TARGET]... -- COMMAND...
# The label does nothing: it is there to be found in the process list.
# pivot_root rather than chroot: then nothing of the host stays mounted, and runc can pivot again inside.
set -eu
root=$2
shift 2
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
# What a start leaves here (sockets, leases of addresses) must not meet the next start.
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/var/lib/cni"
while [ "$1" != -- ]; do
  source=${1%%:*} target=$root${1#*:}
  if [ -d "$source" ]; then mkdir -p "$target"; else mkdir -p "${target%/*}" && : >> "$target"; fi
  mount --rbind "$source" "$target"
  shift
done
shift
# As many open files as the machine allows: the engine keeps one for each layer and connection.
ulimit -n "$(ulimit -H -n)"
cd "$root"
pivot_root . mnt
cd /
umount -l /mnt
exec "$@"
