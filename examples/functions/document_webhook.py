"""What the webhook process-document calls: it coordinates all agents."""


def document_webhook(input):
    body = input["body"]
    if not isinstance(body, dict) or not isinstance(body.get("document_url"), str):
        raise ValueError('the body must be an object with the document\'s address, {"document_url": "https://…"}')
    result = route_for_processing({
        "url": body["document_url"],
        "user_id": input["headers"].get("X-User-ID", "unknown"),
    })
    return {"success": True, "processing": result}
