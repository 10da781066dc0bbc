"""Answers as the source of TGI 3.3.7's router says (router/src/server.rs), with the same words to every prompt."""

import json
import pathlib
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

port = int(sys.argv[sys.argv.index("--port") + 1])
model = sys.argv[sys.argv.index("--tokenizer-name") + 1]
words = ["Paris", " is", " the", " capital"]
context_length = 2048


def start():
    """Saves the tokenizer relative to its folder and reads it back, as the router does."""
    print(f"router python {sys.executable} prefix {sys.base_prefix}", flush=True)
    pathlib.Path("out").mkdir(exist_ok=True)
    saved = pathlib.Path("out/tokenizer.json")
    saved.write_bytes(pathlib.Path(model, "tokenizer.json").read_bytes())
    json.loads(saved.read_text())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ThreadingHTTPServer(("0.0.0.0", port), Handler).serve_forever()


class Refused(Exception):
    pass


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        page = {
            "/health": ("text/plain", ""),
            "/info": ("application/json", json.dumps({"model_id": model, "version": "3.3.7", "max_total_tokens": 2048})),
            "/metrics": ("text/plain", "tgi_request_count 1\n"),
            "/v1/models": ("application/json", json.dumps({"object": "list", "data": [model_entry()]})),
        }.get(self.path)
        if page is None:
            return self.whole(405 if self.path in posts else 404, "text/plain", "")
        self.whole(200, *page)

    def do_POST(self):
        answer = posts.get(self.path)
        if answer is None:
            return self.whole(404, "text/plain", "")
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        try:
            body = json.loads(raw)
        except json.JSONDecodeError:
            return self.whole(400, "text/plain; charset=utf-8", "Failed to parse the request body as JSON")
        try:
            answer(self, body)
        except (KeyError, Refused) as error:
            self.whole(422, "text/plain; charset=utf-8", f"Failed to deserialize the JSON body: {error}")

    def whole(self, status, kind, text):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def json(self, value, status=200):
        self.whole(status, "application/json", json.dumps(value))

    def events(self, values):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for value in values:
            self.wfile.write(f"data:{value if isinstance(value, str) else json.dumps(value)}\n\n".encode())
            self.wfile.flush()
            time.sleep(0.02)


def model_entry():
    return {"id": model, "object": "model", "created": 0, "owned_by": model}


def named(body):
    return model if body.get("model") in (None, "tgi") else body["model"]


def checked(handler, body, prompt):
    """True when a prompt may be answered; else the refusal is out."""
    if body.get("max_tokens", 1) < 0:
        raise Refused("max_tokens: invalid value")
    if len(prompt.split()) <= context_length:
        return True
    refusal = {"error": "Input validation error: `inputs` must have less tokens", "error_type": "validation"}
    handler.json(refusal, 422)
    return False


def usage(prompt):
    return {"prompt_tokens": len(prompt.split()) or 1, "completion_tokens": len(words), "total_tokens": 5}


def chat(handler, body):
    prompt = " ".join(str(message["content"]) for message in body["messages"])
    if not checked(handler, body, prompt):
        return
    shared = {"id": "", "created": int(time.time()), "model": named(body), "system_fingerprint": "3.3.7-native"}
    if body.get("stream"):
        chunk = {**shared, "object": "chat.completion.chunk"}
        delta = [{"index": 0, "delta": {"role": "assistant", "content": word}} for word in words]
        return handler.events([*({**chunk, "choices": [choice]} for choice in delta), "[DONE]"])
    message = {"role": "assistant", "content": "".join(words)}
    choices = [{"index": 0, "message": message, "finish_reason": "length"}]
    handler.json({**shared, "object": "chat.completion", "choices": choices, "usage": usage(prompt)})


def completion(handler, body):
    if not checked(handler, body, body["prompt"]):
        return
    choices = [{"index": 0, "text": "".join(words), "finish_reason": "length"}]
    shared = {"id": "", "created": int(time.time()), "model": named(body), "system_fingerprint": "3.3.7-native"}
    handler.json({**shared, "object": "text_completion", "choices": choices, "usage": usage(body["prompt"])})


def generate(handler, body):
    if checked(handler, body, body["inputs"]):
        handler.json({"generated_text": "".join(words)})


def generate_stream(handler, body):
    if not checked(handler, body, body["inputs"]):
        return
    handler.events(
        {
            "index": index,
            "token": {"id": index, "text": word, "logprob": -1.0, "special": False},
            "generated_text": "".join(words) if index == len(words) - 1 else None,
            "details": None,
        }
        for index, word in enumerate(words)
    )


def compatible(handler, body):
    if body.get("stream"):
        return generate_stream(handler, body)
    if checked(handler, body, body["inputs"]):
        handler.json([{"generated_text": "".join(words)}])


posts = {
    "/": compatible,
    "/generate": generate,
    "/generate_stream": generate_stream,
    "/v1/chat/completions": chat,
    "/v1/completions": completion,
}

start()
