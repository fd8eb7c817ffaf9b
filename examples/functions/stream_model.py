"""Asks a language model, and yields its answer as it is written."""

import json
import urllib.request


def stream_model(input):
    body = {"model": "example", "stream": True, "messages": [{"role": "user", "content": input["prompt"]}]}
    request = urllib.request.Request(
        input["model_url"] + "/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    # Closed as well when the reader goes away: the generator is closed then, at its yield.
    with urllib.request.urlopen(request, timeout=60) as response:
        for line in response:
            if line.startswith(b"event: error"):
                raise RuntimeError("the model failed while it answered")
            if not line.startswith(b"data:"):
                continue
            data = line.removeprefix(b"data:").strip()
            if data == b"[DONE]":
                return
            text = json.loads(data)["choices"][0]["delta"].get("content")
            if text:
                yield text
