"""What the webhook process-document-with-model calls: it hands the document to the
agents, with the address of the example's own model."""


def document_model_webhook(input):
    body = input["body"]
    if not isinstance(body, dict) or not isinstance(body.get("document_url"), str):
        raise ValueError('the body must be an object with the document\'s address, {"document_url": "https://…"}')
    webhooks = input["url"].partition("/process-document-with-model")[0]
    result = route_with_model({
        "url": body["document_url"],
        "user_id": input["headers"].get("X-User-ID", "unknown"),
        "model_url": f"{webhooks}/example-model",
    })
    return {"success": True, "processing": result}
