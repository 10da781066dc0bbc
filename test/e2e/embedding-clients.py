"""Asks an embedding server with a client nobody here wrote and prints what came as JSON. Arguments: URL, model."""

import json
import sys

import openai

url, model = sys.argv[1:]
texts = ["A cat is sleeping on the sofa.", "Rain falls."]
client = openai.OpenAI(base_url=f"{url}/v1", api_key="unused", max_retries=0, timeout=300)
# By itself it asks for base64 and reads that; `float` is what others ask for.
packed, plain = (
    client.embeddings.create(model=model, input=texts, **form) for form in ({}, {"encoding_format": "float"})
)
print(
    json.dumps(
        {
            "sizes": [len(entry.embedding) for entry in packed.data],
            "tokens": packed.usage.prompt_tokens,
            "packed": packed.data[0].embedding[:4],
            "plain": plain.data[0].embedding[:4],
        }
    )
)
