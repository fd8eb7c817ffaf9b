"""What the webhook example-chat/chat/completions calls: a server that speaks the protocol of
OpenAI, so that the agents run without a network and without a key. Patterns stand in for
the model. With "stream" it yields the answer word by word."""

import json
import re
import uuid


def answer(request):
    last = request["messages"][-1]
    tools = [tool["function"]["name"] for tool in request.get("tools", [])]
    if last["role"] == "tool":
        return {"role": "assistant", "content": f"The answer is {last['content']}."}
    number = re.search(r"\d+", last["content"])
    if "is_even" in tools and number:
        call = {"name": "is_even", "arguments": json.dumps({"number": int(number.group())})}
        return {"role": "assistant", "content": None, "tool_calls": [{"id": f"call_{uuid.uuid4().hex}", "type": "function", "function": call}]}
    return {"role": "assistant", "content": f"You asked: {last['content']}"}


def chunks(text):
    for word in re.findall(r"\S+\s*", text):
        yield f"data: {json.dumps({'object': 'chat.completion.chunk', 'choices': [{'index': 0, 'delta': {'content': word}}]})}\n\n"
    yield "data: [DONE]\n\n"


def example_chat_webhook(input):
    request = input["body"]
    message = answer(request)
    if request.get("stream"):
        return chunks(message["content"] or "")
    return {"object": "chat.completion", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
