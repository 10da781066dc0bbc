"""Asks a chat for a call of a function or for reasoning, with a client nobody here wrote, and prints what came as JSON. Arguments: URL, model."""

import json
import sys

import openai

url, model = sys.argv[1:]
client = openai.OpenAI(base_url=f"{url}/v1", api_key="unused", max_retries=0, timeout=300)
parameters = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}},
    "required": ["city", "unit"],
    "additionalProperties": False,
}
weather = {"type": "function", "function": {"name": "get_weather", "description": "Tells the weather of a city", "parameters": parameters}}


def asked(content, **more):
    messages = [{"role": "user", "content": content}]
    return client.chat.completions.create(model=model, messages=messages, max_tokens=256, temperature=0, **more)


def forced(**more):
    return asked("What is the weather in Paris in celsius?", tools=[weather], tool_choice="required", **more)


def called(name, arguments):
    return {"name": name, "arguments": json.loads(arguments)}


if model == "tools":
    call = forced().choices[0].message.tool_calls[0].function
    pieces = [
        piece.function
        for event in forced(stream=True)
        for choice in event.choices
        for piece in choice.delta.tool_calls or []
    ]
    name = "".join(piece.name or "" for piece in pieces)
    print(json.dumps({"whole": called(call.name, call.arguments), "streamed": called(name, "".join(piece.arguments or "" for piece in pieces))}))
else:
    message = asked("How many days have two weeks?").choices[0].message
    print(json.dumps({"content": message.content, "reasoning": message.model_extra["reasoning_content"]}))
