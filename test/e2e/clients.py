"""Talks to an inference server with clients nobody here wrote and prints what came as JSON. Arguments: URL, model, further ones."""

import json
import sys

import huggingface_hub
import ollama
import openai
from huggingface_hub import InferenceClient

url, model, *further = sys.argv[1:]
question = [{"role": "user", "content": "What is the capital of France? Answer in one word."}]
greedy = {"max_tokens": 16, "temperature": 0}


def raised(call):
    """Name, status and message of what a call raises."""
    try:
        call()
    except (openai.APIStatusError, huggingface_hub.errors.HfHubHTTPError) as error:
        status = getattr(error, "status_code", None) or error.response.status_code
        return {"type": type(error).__name__, "status": status, "text": str(error)}
    return None


def with_openai():
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="unused", max_retries=0, timeout=300)
    whole = client.chat.completions.create(model=model, messages=question, **greedy)
    options = {"include_usage": True}
    stream = list(
        client.chat.completions.create(model=model, messages=question, stream=True, stream_options=options, **greedy)
    )
    deltas = [choice.delta.content for chunk in stream for choice in chunk.choices if choice.delta.content]
    text = client.completions.create(model=model, prompt="The capital of France is", **greedy)
    return {
        "models": [entry.id for entry in client.models.list()],
        "answer": whole.choices[0].message.content,
        "answeredBy": whole.model,
        "finish": whole.choices[0].finish_reason,
        "tokens": whole.usage.completion_tokens,
        "pieces": len(deltas),
        "streamed": "".join(deltas),
        "streamedTokens": [chunk.usage.completion_tokens for chunk in stream if chunk.usage],
        "completion": text.choices[0].text,
        "noMessages": raised(lambda: client.post("/chat/completions", body={"model": model}, cast_to=object)),
        "tooLong": raised(
            lambda: client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": "word " * 9000}], **greedy
            )
        ),
        "noPath": raised(lambda: client.get("/nothing", cast_to=object)),
    }


def with_huggingface():
    client = InferenceClient(base_url=url, timeout=300)
    whole = client.chat_completion(question, model=model, **greedy)
    stream = list(client.chat_completion(question, model=model, stream=True, **greedy))
    deltas = [choice.delta.content for chunk in stream for choice in chunk.choices if choice.delta.content]
    return {
        "answer": whole.choices[0].message.content,
        "tokens": whole.usage.completion_tokens,
        "pieces": len(deltas),
        "streamed": "".join(deltas),
        "tooLong": raised(
            lambda: client.chat_completion([{"role": "user", "content": "word " * 9000}], model=model, **greedy)
        ),
    }


def with_native():
    """TGI's own endpoint, for which this client was written."""
    client = InferenceClient(model=url, timeout=300)
    prompt, limit = question[0]["content"], greedy["max_tokens"]
    whole = client.text_generation(prompt, max_new_tokens=limit)
    stream = list(client.text_generation(prompt, max_new_tokens=limit, stream=True, details=True))
    pieces = [event.token.text for event in stream if not event.token.special]
    return {"answer": whole, "tokens": len(stream), "pieces": len(pieces), "streamed": "".join(pieces)}


def with_ollama():
    client = ollama.Client(host=url, timeout=300)
    options = {"num_predict": greedy["max_tokens"], "temperature": 0}
    whole = client.chat(model=model, messages=question, options=options)
    stream = list(client.chat(model=model, messages=question, options=options, stream=True))
    pieces = [part.message.content for part in stream if part.message.content]
    try:
        client.show("no-such-model")
        unknown = None
    except ollama.ResponseError as error:
        unknown = {"status": error.status_code}
    return {
        "models": [entry.model for entry in client.list().models],
        "loaded": [entry.model for entry in client.ps().models],
        "answer": whole.message.content,
        "tokens": whole.eval_count,
        "pieces": len(pieces),
        "streamed": "".join(pieces),
        "unknown": unknown,
    }


clients = {"openai": with_openai(), "huggingface": with_huggingface()}
if "native" in further:
    clients["native"] = with_native()
if "ollama" in further:
    clients["ollama"] = with_ollama()
print(json.dumps(clients))
