#!/usr/bin/env bash
# Package: llama.cpp-tools-extra 0.7.0 (Debian forky, build 11669), its program ggml-rpc-server, with libggml0-backend-rpc.
# Behaviour: the worker speaks with one client at a time, and the kernel keeps two more connections waiting for it. While a server is connected, which
# it is for its whole life, a third connection is neither taken nor refused: its connect() waits until its own time limit.
# Who meets it: whoever gives such a worker a liveness probe (tcpSocket of Kubernetes) or a check of a load balancer: the first probes seem well, those
# after them fail, and a worker that does its work is killed.
# Needs mmdebstrap and root; 3 minutes and 600 MB.
set -euo pipefail

work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
mmdebstrap --quiet --variant=minbase --include=llama.cpp-tools-extra,libggml0-backend-rpc --aptopt='Acquire::Check-Valid-Until "false"' forky "$work/root"
chroot "$work/root" dpkg-query -W llama.cpp-tools-extra libggml0-backend-rpc
program=$(chroot "$work/root" sh -c 'dpkg -L llama.cpp-tools-extra | grep -m 1 "rpc-server$"')
chroot "$work/root" "$program" --host 127.0.0.1 --port 50077 > "$work/log" 2>&1 &
server=$!
python3 - << 'END' | tee "$work/seen"
import socket, time

def connect():
    one = socket.socket()
    one.settimeout(3)
    try:
        one.connect(('127.0.0.1', 50077))
        return one
    except TimeoutError:
        return None

for _ in range(100):
    probe = socket.socket()
    if probe.connect_ex(('127.0.0.1', 50077)) == 0:
        break
    time.sleep(0.1)
probe.close()
time.sleep(0.5)
# The first stays, as a server does; each of the others is a probe that nobody answers yet.
held = [connect() for _ in range(6)]
print('connections taken while the first one stays:', sum(one is not None for one in held), 'of', len(held))
for one in held:
    if one is not None:
        one.close()
time.sleep(1)
print('when all have gone:', 'taken' if connect() is not None else 'not taken')
END
grep -qx 'connections taken while the first one stays: 3 of 6' "$work/seen"
grep -qx 'when all have gone: taken' "$work/seen"
