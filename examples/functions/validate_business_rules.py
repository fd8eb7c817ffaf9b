"""The validator agent: what our rules say of an analysis."""

AUTO_APPROVE_LIMIT = 10_000
REVIEW_AT = 0.5


def largest_amount(entities):
    amounts = [float(e["text"].lstrip("$€£ ").replace(",", "")) for e in entities if e["type"] == "amount"]
    return max(amounts, default=0.0)


def validate_business_rules(input):
    analysis = analyze_document(input)
    risk, reasons = 0.1, []

    def add(points, reason):
        nonlocal risk
        risk += points
        reasons.append(reason)

    amount = largest_amount(analysis["entities"])
    if amount > AUTO_APPROVE_LIMIT:
        add(0.5, f"an amount of {amount:.2f} is over {AUTO_APPROVE_LIMIT}")
    if analysis["sentiment"] == "negative":
        add(0.3, "the tone is negative")
    if analysis["category"] == "other":
        add(0.4, "it fits no category")
    if analysis["category"] == "complaint":
        add(0.4, "it is a complaint")

    risk = round(min(risk, 1.0), 2)
    return {
        "valid": analysis["category"] != "other",
        "risk_score": risk,
        "requires_review": risk >= REVIEW_AT,
        "reasons": reasons,
        "analysis": analysis,
    }
