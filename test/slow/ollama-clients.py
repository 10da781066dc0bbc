"""Asks Ollama for vectors, or for a call and JSON of a schema, with clients nobody here wrote. Arguments: URL, model."""

import json
import sys

import ollama
import openai

url, model = sys.argv[1:]
own = ollama.Client(host=url, timeout=300)
other = openai.OpenAI(base_url=f"{url}/v1", api_key="unused", max_retries=0, timeout=300)
texts = ["A cat is sleeping on the sofa.", "Rain falls."]
greedy = {"temperature": 0, "num_predict": 256}


def vectors():
    found = other.embeddings.create(model=model, input=texts)
    return {
        "sizes": [len(vector) for vector in own.embed(model=model, input=texts).embeddings],
        "openai": [len(entry.embedding) for entry in found.data],
    }


parameters = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}},
    "required": ["city", "unit"],
}
weather = {"type": "function", "function": {"name": "get_weather", "description": "Tells the weather of a city", "parameters": parameters}}
schema = {"type": "object", "properties": {"bright": {"type": "boolean"}}, "required": ["bright"]}


def said(content):
    return [{"role": "user", "content": content}]


def skills():
    question = said("What is the weather in Paris in celsius?")
    call = own.chat(model=model, messages=question, tools=[weather], options=greedy).message.tool_calls[0].function
    answer = other.chat.completions.create(model=model, messages=question, tools=[weather], max_tokens=256, temperature=0)
    asked = answer.choices[0].message.tool_calls[0].function
    sky = own.chat(model=model, messages=said("Describe the sky."), format=schema, options=greedy)
    pieces = own.chat(model=model, messages=said("Describe the sky."), format=schema, options=greedy, stream=True)
    return {
        "call": {"name": call.name, "arguments": dict(call.arguments)},
        "openai": {"name": asked.name, "arguments": json.loads(asked.arguments)},
        "sky": json.loads(sky.message.content),
        "streamed": json.loads("".join(piece.message.content or "" for piece in pieces)),
    }


print(json.dumps(vectors() if model == "minilm" else skills()))
