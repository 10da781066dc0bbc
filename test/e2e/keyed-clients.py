"""Asks a server behind a key for JSON with clients nobody here wrote. Arguments: URL, model, key."""

import json
import sys

import openai
from huggingface_hub import InferenceClient

url, model, key = sys.argv[1:]
messages = [{"role": "user", "content": "Describe the sky."}]
schema = {
    "type": "object",
    "properties": {"bright": {"type": "boolean"}},
    "required": ["bright"],
    "additionalProperties": False,
}
form = {"type": "json_schema", "json_schema": {"name": "sky", "strict": True, "schema": schema}}
options = {"max_tokens": 64, "temperature": 0}


def client(api_key):
    return openai.OpenAI(base_url=f"{url}/v1", api_key=api_key, max_retries=0, timeout=300)


def without():
    try:
        client("wrong").models.list()
    except openai.APIStatusError as error:
        return {"type": type(error).__name__, "status": error.status_code}
    return None


chat = client(key).chat.completions
sky = chat.create(model=model, messages=messages, response_format=form, **options)
stream = chat.create(model=model, messages=messages, response_format=form, stream=True, **options)
text = "".join(choice.delta.content or "" for chunk in stream for choice in chunk.choices)
# Its client turns a schema into a form that only TGI reads, so it is asked for a text.
hugging_face = InferenceClient(base_url=url, api_key=key, timeout=300)
other = hugging_face.chat_completion(messages, model=model, max_tokens=4)
print(
    json.dumps(
        {
            "models": [entry.id for entry in client(key).models.list()],
            "sky": json.loads(sky.choices[0].message.content),
            "streamed": json.loads(text),
            "without": without(),
            "huggingface": other.choices[0].message.content,
        }
    )
)
