"""What the webhook process-invoice calls: from a request to the workflow."""


def invoice_webhook_handler(input):
    body = input["body"]
    if not isinstance(body, dict) or not isinstance(body.get("url"), str):
        raise ValueError('the body must be an object with the document\'s address, {"url": "https://…"}')
    customer_id = input["headers"].get("X-Customer-ID", "unknown")
    # A caller may put the priority beside the address or into the query.
    priority = input["query"].get("priority") or body.get("priority") or "normal"

    result = process_invoice({
        "document_url": body["url"],
        "customer_id": customer_id,
        "priority": priority,
    })
    return {"success": True, "invoice": result}
