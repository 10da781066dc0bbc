#!/usr/bin/env bash
# Package: skopeo 1.22.0 (Debian forky), with docker-registry of the same.
# Behaviour: `skopeo copy` of an image with plain tar layers gives one of two digests. A repository that does not have the layers gets them packed
# with gzip, which nobody asked for, in a new manifest without the layers' annotations. A repository that has them already gets the image as it is. So
# the same command makes another image in the site's registry than in the next one, and says nothing. `--preserve-digests` keeps the image everywhere.
# Who meets it: whoever moves models or images with uncompressed layers between registries and pins, signs or attests them by digest.
# Needs mmdebstrap and root; 2 minutes and 300 MB.
set -euo pipefail

work=$(mktemp -d)
registry=
trap 'test -z "$registry" || kill "$registry" 2> /dev/null; rm -rf "$work"' EXIT
port=${PORT:-18949}
mmdebstrap --quiet --variant=minbase --include=skopeo,docker-registry --aptopt='Acquire::Check-Valid-Until "false"' forky "$work/root"
chroot "$work/root" dpkg-query -W skopeo docker-registry

python3 - "$work/root/image" <<'SCRIPT'
import hashlib, io, json, os, sys, tarfile

folder = sys.argv[1]
os.makedirs(f"{folder}/blobs/sha256")
OCI = "application/vnd.oci.image."


def put(kind, content, **more):
    name = hashlib.sha256(content).hexdigest()
    open(f"{folder}/blobs/sha256/{name}", "wb").write(content)
    return {"mediaType": OCI + kind, "digest": f"sha256:{name}", "size": len(content), **more}


packed = io.BytesIO()
with tarfile.open(fileobj=packed, mode="w") as archive:
    entry = tarfile.TarInfo("model.bin")
    entry.size = 100_000
    archive.addfile(entry, io.BytesIO(bytes(range(250)) * 400))
layer = put("layer.v1.tar", packed.getvalue(), annotations={"example.part": "weights"})
config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]}}
manifest = {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json", "layers": [layer]}
manifest["config"] = put("config.v1+json", json.dumps(config).encode())
top = put("manifest.v1+json", json.dumps(manifest).encode(), annotations={"org.opencontainers.image.ref.name": "v1"})
json.dump({"schemaVersion": 2, "manifests": [top]}, open(f"{folder}/index.json", "w"))
json.dump({"imageLayoutVersion": "1.0.0"}, open(f"{folder}/oci-layout", "w"))
SCRIPT

cat > "$work/root/registry.yml" <<SETTINGS
version: 0.1
storage: { filesystem: { rootdirectory: /registry } }
http: { addr: "127.0.0.1:$port" }
SETTINGS
chroot "$work/root" docker-registry serve /registry.yml > "$work/log" 2>&1 &
registry=$!
for _ in $(seq 50); do
  curl -sf -o /dev/null "http://127.0.0.1:$port/v2/" && break
  sleep 0.2
done

skopeo() { chroot "$work/root" skopeo --insecure-policy "$@"; }
copy() { skopeo copy --quiet --dest-tls-verify=false "$@"; }
show() {
  skopeo inspect --raw --tls-verify=false "docker://127.0.0.1:$port/$1" > "$work/manifest"
  python3 - "$work/manifest" <<'SCRIPT'
import hashlib, json, sys

content = open(sys.argv[1], "rb").read()
[layer] = json.loads(content)["layers"]
print(f"sha256:{hashlib.sha256(content).hexdigest()}", layer["mediaType"], layer.get("annotations", "no annotations"))
SCRIPT
}
echo '== copied to an empty repository'
copy oci:/image:v1 "docker://127.0.0.1:$port/empty:v1"
show empty:v1 | tee "$work/empty"
echo '== with --preserve-digests'
copy --preserve-digests oci:/image:v1 "docker://127.0.0.1:$port/filled:v1"
show filled:v1 | tee "$work/kept"
echo '== by the first command to that repository, which has the layer now'
copy oci:/image:v1 "docker://127.0.0.1:$port/filled:v2"
show filled:v2 | tee "$work/filled"

source=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["manifests"][0]["digest"])' "$work/root/image/index.json")
grep -q '^sha256:[0-9a-f]* application/vnd.oci.image.layer.v1.tar+gzip no annotations$' "$work/empty"
! grep -q "$source" "$work/empty"
for kept in kept filled; do
  grep -qx "$source application/vnd.oci.image.layer.v1.tar {'example.part': 'weights'}" "$work/$kept"
done
