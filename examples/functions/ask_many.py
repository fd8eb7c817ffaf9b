"""Asks a language model many things at once: the calls wait together, on one thread, and
each is a step."""

import asyncio


async def ask_many(input):
    messages = await asyncio.gather(*[
        ask_model({"model_url": input["model_url"], "messages": [{"role": "user", "content": prompt}]})
        for prompt in input["prompts"]
    ])
    return [message["content"] for message in messages]
