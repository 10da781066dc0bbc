"""Summaries of documents beside the engine's own API, which is passed on as it is."""

import asyncio
import os
import signal
import subprocess
from contextlib import asynccontextmanager

import httpx
import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.background import BackgroundTask

from src import engine

MODEL = "smollm2-135m-instruct"
# Headers of one connection, which are not those of the next.
HOP = {"connection", "keep-alive", "transfer-encoding", "upgrade", "host", "content-length"}


class Document(BaseModel):
    """Plain text, or rich text."""

    text: str | None = None
    rtf: str | None = None


@asynccontextmanager
async def lifespan(app: FastAPI):
    process = engine.start()
    watch = asyncio.create_task(end_with(process))
    # A kept connection that the engine ends at this very moment would cost an answer.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx.AsyncClient(base_url=engine.ADDRESS, timeout=None, limits=limits) as client:
        app.state.client = client
        yield
    watch.cancel()
    process.terminate()


async def end_with(process: subprocess.Popen[bytes]) -> None:
    """A server without its engine is of no use: whoever runs the container shall start it again."""
    while process.poll() is None:
        await asyncio.sleep(0.5)
    if process.returncode in (0, -signal.SIGTERM):
        # It was told to end, as this server is at the same moment.
        signal.raise_signal(signal.SIGTERM)
    else:
        os._exit(1)


app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)


@app.post("/summary")
async def summary(document: Document, request: Request) -> dict[str, str | int]:
    text = await plain(document)
    question = f"Summarise in one short sentence: {text}"
    body = {
        "model": MODEL,
        "messages": [{"role": "user", "content": question}],
        "max_tokens": 48,
        "temperature": 0,
    }
    answer = await request.app.state.client.post("/v1/chat/completions", json=body)
    if answer.status_code != 200:
        raise HTTPException(answer.status_code, "the engine has no answer")
    whole = answer.json()
    return {
        "text": text,
        "summary": whole["choices"][0]["message"]["content"],
        "tokens": whole["usage"]["completion_tokens"],
    }


async def plain(document: Document) -> str:
    if document.text is not None:
        return document.text
    if document.rtf is None:
        raise HTTPException(422, "give text or rtf")
    # Debian's unrtf: image.packages.system.
    program = await asyncio.create_subprocess_exec(
        "unrtf", "--text", "--nopict", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    out, _ = await program.communicate(document.rtf.encode())
    # It begins with comments about itself, and a line between them and the text.
    return out.decode(errors="replace").split("-----------------\n", 1)[-1].strip()


@app.api_route("/{path:path}", methods=["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])
async def passed_on(request: Request) -> Response:
    client: httpx.AsyncClient = request.app.state.client
    headers = [(name, value) for name, value in request.headers.items() if name not in HOP]
    asked = client.build_request(
        request.method,
        httpx.URL(path=request.url.path, query=request.url.query.encode()),
        headers=headers,
        content=await request.body(),
    )
    try:
        answer = await client.send(asked, stream=True)
    except httpx.TransportError:
        return Response("the engine is not ready", status_code=503)
    return StreamingResponse(
        answer.aiter_raw(),
        status_code=answer.status_code,
        headers={name: value for name, value in answer.headers.items() if name not in HOP},
        background=BackgroundTask(answer.aclose),
    )


if __name__ == "__main__":
    uvicorn.run(app, host="0.0.0.0", port=8080, log_level="warning")
