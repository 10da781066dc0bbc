#!/bin/sh
# load-into-containerd.sh BUNDLE SCRATCH: loads a bundle into a containerd of its own, starts its first image hardened, asks it
# for tokens. Needs containerd, its shim, ctr and runc in PATH, and a network namespace without routes around it.
set -eu
bundle=$1 scratch=$2
ip link set lo up
echo "routes $(ip route | wc -l)"
cat > "$scratch/config.toml" << TOML
version = 3
root = "$scratch/root"
state = "$scratch/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime", "io.containerd.nri.v1.nri"]
[grpc]
address = "$scratch/containerd.sock"
TOML
export CONTAINERD_ADDRESS="$scratch/containerd.sock" CONTAINERD_NAMESPACE=k8s.io
containerd --config "$scratch/config.toml" > "$scratch/log" 2>&1 &
daemon=$!
end() {
  ctr tasks kill --signal SIGKILL site > /dev/null 2>&1 || :
  sleep 1
  ctr containers delete site > /dev/null 2>&1 || :
  kill "$daemon"
  wait "$daemon" || :
}
trap end EXIT
waited=0
until [ -S "$CONTAINERD_ADDRESS" ]; do
  waited=$((waited + 1))
  [ $waited -lt 100 ] || { cat "$scratch/log"; exit 1; }
  sleep 0.1
done
sh "$bundle/load.sh" --tool ctr
name=$(head -n 1 "$bundle/IMAGES" | cut -d ' ' -f 2)
ctr images ls "name==$name" | tail -n 1 | awk '{ print "image", $1, $3 }'
ctr run --detach --net-host --read-only --mount type=tmpfs,src=tmpfs,dst=/tmp,options=rw:nosuid:nodev "$name" site
waited=0
until curl -sf http://127.0.0.1:8080/health > /dev/null; do
  waited=$((waited + 1))
  [ $waited -lt 120 ] || exit 1
  sleep 1
done
printf 'answer '
curl -sf http://127.0.0.1:8080/v1/chat/completions \
  -d '{"model":"smollm2-135m-instruct","max_tokens":8,"messages":[{"role":"user","content":"Count to twenty."}]}'
