"""What the webhook example-model/chat/completions calls: a server that speaks the
protocol of OpenAI, so that the agents run without a network and without a key. Words
and patterns stand in for the model. It understands what the agents of this example
ask for: to call a tool, or to answer with an object that a JSON Schema describes."""

import json
import re
import time
import uuid

ADDRESS = re.compile(r"https?://\S+")
AMOUNT = re.compile(r"[$€£]\s?(\d[\d,]*(?:\.\d{2})?)")
CATEGORIES = {
    "complaint": ("complaint", "refund", "unacceptable", "disappointed", "overcharged"),
    "invoice": ("invoice", "amount due", "total", "bill to", "payment terms"),
    "report": ("report", "summary", "findings", "quarter", "results"),
}
NEGATIVE = ("unacceptable", "disappointed", "dispute", "complaint", "wrong", "refund", "overcharged")


def choose_tool(tools, messages):
    """Returns a tool's name and its arguments, or None once a tool has answered."""
    if not tools or any(message["role"] == "tool" for message in messages):
        return None
    asked = messages[-1]["content"]
    if "fetch_document" in tools:
        return "fetch_document", {"url": ADDRESS.search(asked).group()}
    analysis = json.loads(asked[asked.index("{"):])
    if analysis["risk_score"] < 0.5:
        return "auto_approve_document", {}
    return "notify_human_reviewer", {"reasons": analysis["reasons"]}


def analyze(text):
    words = text.lower()
    scores = {name: sum(words.count(word) for word in some) for name, some in CATEGORIES.items()}
    category = max(scores, key=scores.get)
    negative = sum(words.count(word) for word in NEGATIVE)
    amounts = [float(amount.replace(",", "")) for amount in AMOUNT.findall(text)]
    reasons = []
    if amounts and max(amounts) > 10_000:
        reasons.append(f"an amount of {max(amounts):.2f} is over 10000")
    if negative:
        reasons.append("the tone is negative")
    return {
        "category": category if scores[category] > 1 else "other",
        "sentiment": "negative" if negative else "neutral",
        "amounts": amounts,
        "risk_score": min(1.0, 0.1 + 0.4 * len(reasons)),
        "reasons": reasons,
    }


def answer(request):
    messages = request["messages"]
    tools = [tool["function"]["name"] for tool in request.get("tools", [])]
    if chosen := choose_tool(tools, messages):
        call = {"name": chosen[0], "arguments": json.dumps(chosen[1])}
        return {"content": None, "tool_calls": [{"id": f"call_{uuid.uuid4().hex}", "type": "function", "function": call}]}
    text = messages[-1]["content"]
    if request.get("response_format", {}).get("type") == "json_schema":
        return {"content": json.dumps(analyze(json.loads(text)["content"]))}
    return {"content": "Done."}


def example_model_webhook(input):
    request = input["body"]
    message = answer(request)
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": request["model"],
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "refusal": None, **message},
            "logprobs": None,
            "finish_reason": "tool_calls" if message.get("tool_calls") else "stop",
        }],
        "usage": {"prompt_tokens": len(str(request["messages"])) // 4, "completion_tokens": 50, "total_tokens": len(str(request["messages"])) // 4 + 50},
    }
