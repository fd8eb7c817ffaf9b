"""The notification agent. A real one would open a ticket."""


def notify_human_reviewer(input):
    document, analysis = input["document"], input["analysis"]
    reasons = analysis.get("reasons") or ["no reason given"]
    print(f"review needed for {document['url']}, sent by {document.get('user_id', 'unknown')}: {'; '.join(reasons)}")
    urgent = analysis.get("risk_score", 0) >= 0.8
    return {
        "notified": True,
        "queue": "urgent-review" if urgent else "review",
        "reasons": reasons,
    }
