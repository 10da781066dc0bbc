#!/bin/sh
# load-into-docker.sh BUNDLE SCRATCH: loads a bundle into a Docker Engine of its own and says what it has then. Needs dockerd,
# containerd, runc and docker in PATH, and a network namespace without routes around it.
set -eu
bundle=$1 scratch=$2
ip link set lo up
echo "routes $(ip route | wc -l)"
export DOCKER_HOST="unix://$scratch/docker.sock"
dockerd --data-root "$scratch/data" --exec-root "$scratch/exec" --pidfile "$scratch/pid" --host "$DOCKER_HOST" \
  --bridge none --userland-proxy=false --iptables=false --ip6tables=false > "$scratch/log" 2>&1 &
daemon=$!
trap 'kill "$daemon"; wait "$daemon" || :' EXIT
waited=0
until docker info > /dev/null 2>&1; do
  waited=$((waited + 1))
  [ $waited -lt 60 ] || { cat "$scratch/log"; exit 1; }
  sleep 0.5
done
sh "$bundle/load.sh" --tool docker
name=$(head -n 1 "$bundle/IMAGES" | cut -d ' ' -f 2)
docker images --digests --format 'image {{.Repository}}:{{.Tag}} {{.Digest}}' "$name"
