#!/usr/bin/env bash
# Package: model-signing 1.1.1 (PyPI), the OpenSSF tool that signs and verifies the files of a model.
# Behaviour: it imports `OpenSSL` at start, and no package that it asks for brings that module any longer, so neither the
# library nor its command starts after a plain install. With pyopenssl beside it both work.
# Who meets it: whoever signs weights in a fresh environment; an older environment often has pyopenssl for other reasons.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
python="$work/venv/bin/python"
"$python" -m pip install --quiet --disable-pip-version-check \
  model-signing==1.1.1 sigstore==4.5.1 cryptography==50.0.2

"$python" -m pip list --disable-pip-version-check 2> /dev/null | grep -iE '^(model-signing|sigstore|cryptography|pyopenssl) '
import_it() { ("$python" -c 'import model_signing; print("model_signing imports")' 2>&1 || true) | tail -n 1; }

echo '== after a plain install'
import_it | tee "$work/plain"
grep -q "No module named 'OpenSSL'" "$work/plain"

echo '== with pyopenssl beside it'
"$python" -m pip install --quiet --disable-pip-version-check pyopenssl==26.4.0
import_it | tee "$work/beside"
grep -qx 'model_signing imports' "$work/beside"
