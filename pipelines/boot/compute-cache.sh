#!/bin/sh
# What the CUDA driver keeps of the PTX it compiled for the server whose first process is $1, as lines of a key and values
# between tabs. Nothing where the server cannot be looked into, and no last line `end` where the list broke off.
pid=$1
inside=/proc/$pid/root
environment=$(tr '\0' '\n' 2>/dev/null < "/proc/$pid/environ") && [ -d "$inside/" ] || exit 0

variable() { printf '%s\n' "$environment" | sed -n "s/^$1=//p" | head -n 1; }
folder=$(variable CUDA_CACHE_PATH)
: "${folder:=$(variable HOME)/.nv/ComputeCache}"
case $folder in /*) ;; *) exit 0 ;; esac
printf 'folder\t%s\ndisabled\t%s\nlimit\t%s\n' \
  "$folder" "$(variable CUDA_CACHE_DISABLE)" "$(variable CUDA_CACHE_MAXSIZE)"

# The driver makes the folder with its first module. What lies in memory belongs to this container and began empty.
place=$folder
while [ ! -e "$inside$place" ]; do place=$(dirname "$place"); done
user=$(awk '$1 == "Uid:" { print $3 }' "/proc/$pid/status")
if [ "$(stat -f -c %T "$inside$place")" = tmpfs ] &&
  find "$inside$place" -maxdepth 0 -type d \( -perm -2 -o -user "$user" \) | grep -q .; then
  printf 'place\town\n'
fi

# The driver opens its compiler when it meets PTX.
space=$(readlink "/proc/$pid/ns/pid" | tr -d '[]a-z:')
printf 'compiler\t%s\n' "$(find /proc/[0-9]*/ns/pid -maxdepth 0 -lname "pid:\[$space\]" 2>/dev/null |
  sed 's#ns/pid#maps#' | xargs grep -ls libnvidia-ptxjitcompiler | wc -l)"

if [ -e "$inside$folder" ]; then
  find "$inside$folder" -type f ! -path "$inside$folder/index" -printf 'module\t%s\t%P\n' || exit 0
fi
echo end
