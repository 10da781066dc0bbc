#!/usr/bin/env bash
# Package: huggingface_hub 2.4.0 (PyPI), the client of Hugging Face.
# Behaviour: its InferenceClient sends `response_format` of type json_schema to a server of one's own (base_url) as
# {"type": "json_object", "value": SCHEMA}, a form that TGI alone reads. Servers with OpenAI's interface read "any JSON" in it, so the
# answer is JSON of no schema, without an error. OpenAI's client sends the form as it is.
# Who meets it: whoever asks llama.cpp, vLLM, SGLang or Ollama for answers to a schema with that client.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
python="$work/venv/bin/python"
"$python" -m pip install --quiet --disable-pip-version-check huggingface_hub==2.4.0

cat > "$work/ask.py" << 'END'
import http.server
import json
import threading

from huggingface_hub import InferenceClient

seen = []


class Server(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        seen.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "{}"}}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        answer = {"id": "1", "created": 1, "model": "tiny", "choices": [choice], "usage": usage}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = InferenceClient(base_url=f"http://127.0.0.1:{server.server_port}", timeout=30)
schema = {"type": "object", "properties": {"bright": {"type": "boolean"}}, "required": ["bright"]}
form = {"type": "json_schema", "json_schema": {"name": "sky", "schema": schema}}
client.chat_completion([{"role": "user", "content": "Describe the sky."}], model="tiny", response_format=form)
print("asked:", json.dumps(form))
print("sent: ", json.dumps(seen[0]["response_format"]))
assert seen[0]["response_format"] == {"type": "json_object", "value": schema}
END
"$python" "$work/ask.py"
