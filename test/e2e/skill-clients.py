"""
Asks a chat for a call of a function or for reasoning, with clients nobody here wrote, and prints what came as JSON. Arguments:
URL, model, `tools` or `thinking`, key where the server wants one.
"""

import json
import sys

import openai
from huggingface_hub import InferenceClient

url, model, kind, *keys = sys.argv[1:]
key = "".join(keys) or "unused"
client = openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=300)
parameters = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}},
    "required": ["city", "unit"],
    "additionalProperties": False,
}
weather = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tells the weather of a city",
        "strict": True,
        "parameters": parameters,
    },
}


def asked(content, **more):
    messages = [{"role": "user", "content": content}]
    return client.chat.completions.create(model=model, messages=messages, max_tokens=256, temperature=0, **more)


def forced(**more):
    return asked("What is the weather in Paris in celsius?", tools=[weather], tool_choice="required", **more)


def called(name, arguments):
    return {"name": name, "arguments": json.loads(arguments)}


def by_hugging_face():
    """Its client has a class of its own for tools and their calls."""
    other = InferenceClient(base_url=url, api_key=key, timeout=300)
    messages = [{"role": "user", "content": "What is the weather in Paris in celsius?"}]
    answer = other.chat_completion(
        messages, model=model, max_tokens=256, temperature=0, tools=[weather], tool_choice="required"
    )
    call = answer.choices[0].message.tool_calls[0].function
    return called(call.name, call.arguments)


if kind == "tools":
    call = forced().choices[0].message.tool_calls[0].function
    pieces = [
        piece.function
        for event in forced(stream=True)
        for choice in event.choices
        for piece in choice.delta.tool_calls or []
    ]
    name = "".join(piece.name or "" for piece in pieces)
    arguments = "".join(piece.arguments or "" for piece in pieces)
    whole, streamed = called(call.name, call.arguments), called(name, arguments)
    print(json.dumps({"whole": whole, "streamed": streamed, "huggingface": by_hugging_face()}))
else:
    message = asked("How many days have two weeks?").choices[0].message
    print(json.dumps({"content": message.content, "reasoning": message.model_extra["reasoning_content"]}))
