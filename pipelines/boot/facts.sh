#!/bin/sh
# What the kernel knows of the server whose first process is $1, as lines of a key and values; nothing for what it hides.
# $2 is a process on the outside of the server's published port, where there is such a side; $3 a file with what it sent outward, by
# sent.pl.
pid=$1
outside=${2:-}
cat "/proc/$pid/status" 2>/dev/null || exit 0
awk '$5 == "/" { print "root", $6 }' "/proc/$pid/mountinfo" 2>/dev/null

# Whoever asks through the published port speaks TCP only; what else comes out on that side, the server sent by itself.
strayed=0
[ -z "$outside" ] || strayed=$(awk '
  /^(Ip|Tcp): [A-Z]/ { for (i = 2; i <= NF; i++) name[$1 i] = $i; next }
  /^(Ip|Tcp):/ { for (i = 2; i <= NF; i++) count[name[$1 i]] = $i }
  END { if ("InSegs" in count) print (count["InReceives"] > count["InSegs"]) * (count["InReceives"] - count["InSegs"]) }
' "/proc/$outside/net/snmp" 2>/dev/null)

# Where there is neither the sink nor a default route, no packet can have left.
sed 's/:/ /' "/proc/$pid/net/dev" | awk -v strayed="$strayed" '
  NR > 2 { names = names " " $1 }
  $1 == "sink" { packets = $11; found = 1 }
  END { print "interfaces" names; if (found && strayed != "") print "outward", packets + strayed }'
grep -q ' *sink:' "/proc/$pid/net/dev" || awk '
  NR > 1 && $2 == "00000000" { routed = 1 }
  END { if (!routed) print "outward 0" }' "/proc/$pid/net/route"
[ -z "${3:-}" ] || sed -n '2,$ s/^/sent /p' "$3"
# OutNoRoutes counts connections, look-ups and sends that found no route (RFC 4293, ipSystemStatsOutNoRoutes).
{ grep '^Ip:' "/proc/$pid/net/snmp"; cat "/proc/$pid/net/snmp6" 2>/dev/null; } | awk '
  $1 == "Ip:" && !column { for (i = 1; i <= NF; i++) if ($i == "OutNoRoutes") column = i; next }
  $1 == "Ip:" { refused += $column }
  $1 == "Ip6OutNoRoutes" { refused += $2 }
  END { print "refused", refused + 0 }'

# Path of the memory group of a process, in version 1 or 2.
group() {
  awk -F: -v version="$1" '
    version == 1 && $2 ~ /(^|,)memory(,|$)/ { print $3 }
    version == 2 && $1 == 0 { print $3 }' "/proc/$2/cgroup"
}
# The root and a group that we are in ourselves hold more than the server. Inside a container of its own the mounted
# tree begins at our group.
peak() {
  path=$(group "$1" "$pid")
  own=$(group "$1" self)
  [ "$path" != / ] && [ "$path" != "$own" ] || return 1
  for folder in "$2$path" "$2${path#"$own"}"; do
    if [ -r "$folder/$3" ]; then echo "cgroup-peak $(cat "$folder/$3")"; return 0; fi
  done
  return 1
}
peak 1 /sys/fs/cgroup/memory memory.max_usage_in_bytes || peak 2 /sys/fs/cgroup memory.peak

# Only root sees which processes share the server's namespace; for others its first process has to do.
space=$(readlink "/proc/$pid/ns/pid" | tr -d '[]a-z:')
if [ -n "$space" ]; then
  find /proc/[0-9]*/ns/pid -maxdepth 0 -lname "pid:\[$space\]" 2>/dev/null | sed 's#ns/pid#status#' | xargs cat 2>/dev/null
else
  cat "/proc/$pid/status"
fi | awk '
  $1 == "Name:" { count++ }
  $1 == "VmHWM:" { total += $2 }
  END { print "processes", count; printf "resident-kib %.0f\n", total + 0 }'
exit 0
