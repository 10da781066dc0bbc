#!/usr/bin/env bash
# Packages: openai-harmony 0.0.4 and oss-harmony 0.0.11 (PyPI), the prompt format of gpt-oss.
# Behaviour: both install a module of one name, `openai_harmony`. The first fetches its vocabulary from the network at the
# first use and fails without one; the second carries the vocabulary. In one environment the files of the package that was
# installed last stay, so whether a server works offline depends on the order of the installs, and the lists of installed
# packages show both.
# Who meets it: images for machines without a network that serve gpt-oss; SGLang asks for the one, vLLM for the other.
# Needs `unshare` and the right to make a network namespace.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
python="$work/venv/bin/python"
pip() { "$python" -m pip --disable-pip-version-check --quiet "$@"; }

cat > "$work/load.py" <<'SCRIPT'
from openai_harmony import HarmonyEncodingName, load_harmony_encoding

try:
    load_harmony_encoding(HarmonyEncodingName.HARMONY_GPT_OSS)
    print('loads without a network')
except Exception as error:
    print(f'fails without a network: {error}')
SCRIPT
offline() { unshare --net env -u TIKTOKEN_RS_CACHE_DIR -u TIKTOKEN_CACHE_DIR TMPDIR="$work/empty" "$python" "$work/load.py"; }
mkdir "$work/empty"

echo '== openai-harmony 0.0.4'
pip install openai-harmony==0.0.4
offline | tee "$work/first"
grep -q '^fails without a network: ' "$work/first"

echo '== oss-harmony 0.0.11 installed after it'
pip install oss-harmony==0.0.11
"$python" -m pip --disable-pip-version-check list 2> /dev/null | grep harmony
offline | tee "$work/second"
grep -qx 'loads without a network' "$work/second"

echo '== openai-harmony 0.0.4 installed again'
pip install --force-reinstall --no-deps openai-harmony==0.0.4
offline | tee "$work/third"
grep -q '^fails without a network: ' "$work/third"
