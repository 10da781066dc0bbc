"""Shows a green picture to a chat with clients nobody here wrote. Arguments: URL, model."""

import base64
import json
import struct
import sys
import zlib

import openai
from huggingface_hub import InferenceClient

url, model = sys.argv[1:]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(colour, size=64):
    rows = b"".join(b"\0" + bytes(colour) * size for _ in range(size))
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


picture = "data:image/png;base64," + base64.b64encode(png((0, 255, 0))).decode()
content = [
    {"type": "image_url", "image_url": {"url": picture}},
    {"type": "text", "text": "Which colour is this picture? Answer in one word."},
]
asked = {"model": model, "messages": [{"role": "user", "content": content}], "max_tokens": 64, "temperature": 0}
client = openai.OpenAI(base_url=f"{url}/v1", api_key="unused", max_retries=0, timeout=300)
answers = {
    "openai": client.chat.completions.create(**asked),
    "huggingface": InferenceClient(base_url=url, timeout=300).chat_completion(**asked),
}
print(json.dumps({name: answer.choices[0].message.content for name, answer in answers.items()}))
