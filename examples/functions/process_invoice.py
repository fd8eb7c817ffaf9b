"""The invoice workflow: each call of another function is a step of its own."""


def process_invoice(input):
    doc = fetch_document({"url": input["document_url"]})
    invoice_data = extract_invoice_data({"content": doc["content"]})
    validation = validate_customer({
        "customer_id": input["customer_id"],
        "invoice_data": invoice_data,
    })
    if input.get("priority") == "high":
        notify_team({"message": f"High priority invoice: {invoice_data['number']}"})
    return {
        "invoice_number": invoice_data["number"],
        "total": invoice_data["total"],
        "customer_valid": validation["is_valid"],
        "status": "processed",
    }
