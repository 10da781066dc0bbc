#!/bin/sh
# What the processors did since the machine started: the kernel's line for all of them, the name of the first, and as `server` the
# ticks of every process that shares the process namespace of $1.
grep '^cpu ' /proc/stat
grep -m1 '^model name' /proc/cpuinfo
[ -d "/proc/${1:-none}" ] || exit 0
# Fields 14 and 15 of proc_pid_stat(5), counted behind the name, which may hold spaces.
space=$(readlink "/proc/$1/ns/pid" | tr -d '[]a-z:')
if [ -n "$space" ]; then
  find /proc/[0-9]*/ns/pid -maxdepth 0 -lname "pid:\[$space\]" 2>/dev/null | sed 's#ns/pid#stat#' | xargs cat 2>/dev/null
else
  cat "/proc/$1/stat" 2>/dev/null
fi | awk '{ sub(/^.*\) /, ""); ticks += $12 + $13 } END { print "server", ticks + 0 }'
exit 0
