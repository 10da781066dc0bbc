#!/usr/bin/env bash
# Package: unrtf 0.21 (Debian), which turns rich text into plain text.
# Behaviour: where glibc finds no modules of iconv, unrtf writes no text and ends with 0. 0.21.10 (Debian 12) says nothing of it,
# 0.21.13 (forky) writes `flush: iconv not ready!` to its error output. No program links to those modules, so whatever keeps
# files by what they link to takes them away.
# Who meets it: slim images, made by following libraries from the programs that are started.
# Needs `unshare` and the right to make a mount namespace, and Debian's apt.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq unrtf > /dev/null 2>&1
dpkg -x unrtf_0.21*.deb .
printf '{\\rtf1\\ansi The capital of France is {\\b Paris}.}' > text.rtf
cat > convert.sh <<'SCRIPT'
./usr/bin/unrtf -P "$PWD/usr/share/unrtf/" --text --nopict text.rtf 2> said; code=$?
echo "exit $code, says: $(sort said | uniq -c | head -n 1 | tr -s ' ')"
SCRIPT

echo '== as installed'
whole=$(bash convert.sh)
printf '%s\n' "$whole" | tail -n 3
echo '== without the modules of iconv'
# shellcheck disable=SC2016
bare=$(unshare --mount sh -c 'for folder in /usr/lib/*-linux-gnu/gconv; do mount -t tmpfs none "$folder"; done; bash convert.sh')
printf '%s\n' "$bare" | tail -n 3

[[ $whole == *'The capital of France is'*'exit 0'* ]] || { echo 'unrtf does not convert here'; exit 1; }
[[ $bare != *'The capital of France'* && $bare == *'exit 0'* ]] || {
  echo 'it behaves differently now'
  exit 1
}
