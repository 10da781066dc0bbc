"""Has recordings transcribed by a client nobody here wrote and prints what came as JSON. Arguments: URL, model, WAV files."""

import json
import sys
from pathlib import Path

import openai

url, model, *files = sys.argv[1:]
client = openai.OpenAI(base_url=f"{url}/v1", api_key="unused", max_retries=0, timeout=300)
plain = [client.audio.transcriptions.create(model=model, file=Path(file)) for file in files]
whole = [client.audio.transcriptions.create(model=model, file=Path(file), response_format="verbose_json") for file in files]
print(json.dumps({"texts": [one.text for one in plain], "durations": [one.duration for one in whole]}))
