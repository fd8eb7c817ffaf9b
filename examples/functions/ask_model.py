"""Asks a language model for one message, without blocking the event loop. Programs with
packages use httpx or openai for that; this one makes do with the standard library."""

import asyncio
import json
from urllib.parse import urlsplit


async def ask_model(input):
    url = urlsplit(input["model_url"] + "/chat/completions")
    tools = [{"type": "function", "function": {"name": name}} for name in input.get("tools", [])]
    body = json.dumps({"model": "example", "messages": input["messages"], "tools": tools}).encode()
    secure = url.scheme == "https"
    reader, writer = await asyncio.open_connection(url.hostname, url.port or (443 if secure else 80), ssl=secure or None)
    try:
        head = f"POST {url.path} HTTP/1.0\r\nHost: {url.netloc}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        async with asyncio.timeout(60):
            answer = await reader.read()
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    if head.split()[1:2] != [b"200"]:
        raise ConnectionError(f"the model answered {head.splitlines()[:1]}")
    return json.loads(body)["choices"][0]["message"]
