"""The router agent, with a language model: the model chooses one of two functions, to
approve the document or to ask a person."""

import json

from model_client import connect, tool

TOOLS = [
    tool("auto_approve_document", "Approves a document that is harmless."),
    tool("notify_human_reviewer", "Has a person look at a document.", reasons={"type": "array", "items": {"type": "string"}}),
]


def route_with_model(input):
    analysis = analyze_with_model(input)
    client, model = connect(input["model_url"])
    message = client.chat.completions.create(
        model=model,
        messages=[
            {"role": "system", "content": "You route documents. Call the tool that fits the analysis."},
            {"role": "user", "content": f"The analysis: {json.dumps(analysis)}"},
        ],
        tools=TOOLS,
        tool_choice="required",
    ).choices[0].message
    call = message.tool_calls[0].function
    document = {"url": input["url"], "user_id": input.get("user_id", "unknown")}
    if call.name == "auto_approve_document":
        validation = {"requires_review": False, "risk_score": analysis["risk_score"]}
        outcome = auto_approve_document({"document": document, "validation": validation})
        path = "auto_approved"
    else:
        reasons = json.loads(call.arguments)["reasons"]
        outcome = notify_human_reviewer({"document": document, "analysis": {**analysis, "reasons": reasons}})
        path = "human_review"
    return {"routed": True, "path": path, "analysis": analysis, "outcome": outcome}
