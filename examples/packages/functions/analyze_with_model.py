"""The analyzer agent, with a language model: the model reads the document by a tool,
which is the function fetch_document, and answers with an object of the class Analysis."""

import json

from model_client import Analysis, connect, tool

TOOLS = [tool("fetch_document", "Downloads a text document.", url={"type": "string", "description": "its address"})]
MAX_ROUNDS = 5


def analyze_with_model(input):
    client, model = connect(input["model_url"])
    messages = [
        {"role": "system", "content": "You analyze documents. Read the document first."},
        {"role": "user", "content": f"Analyze the document at {input['url']}"},
    ]
    for _ in range(MAX_ROUNDS):
        message = client.chat.completions.parse(
            model=model, messages=messages, tools=TOOLS, response_format=Analysis
        ).choices[0].message
        if not message.tool_calls:
            return message.parsed.model_dump()
        messages.append(message.model_dump(include={"role", "content", "tool_calls"}))
        for call in message.tool_calls:
            document = fetch_document(json.loads(call.function.arguments))
            messages.append({"role": "tool", "tool_call_id": call.id, "content": json.dumps(document)})
    raise RuntimeError(f"the model has not answered in {MAX_ROUNDS} rounds")
