"""An agent whose tools are functions: the model names one, and maestro.call runs it, as a
step of its own. It may name the given ones only."""

import inspect
import json

import maestro

MAX_ROUNDS = 5


async def use_tools(input):
    messages = [{"role": "user", "content": input["question"]}]
    for _ in range(MAX_ROUNDS):
        message = await ask_model({"model_url": input["model_url"], "messages": messages, "tools": input["tools"]})
        if not message.get("tool_calls"):
            return {"answer": message["content"], "messages": len(messages) + 1}
        messages.append(message)
        for call in message["tool_calls"]:
            name, arguments = call["function"]["name"], json.loads(call["function"]["arguments"])
            if name not in input["tools"]:
                raise ValueError(f"the model asks for the tool {name!r}, which it was not given")
            result = maestro.call(name, arguments)
            if inspect.isawaitable(result):  # of an async def
                result = await result
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": json.dumps(result)})
    raise RuntimeError(f"the model has not answered in {MAX_ROUNDS} rounds")
