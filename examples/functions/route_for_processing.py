"""The router agent: a person, or straight through."""


def route_for_processing(input):
    validation = validate_business_rules(input)
    if validation["requires_review"]:
        outcome = notify_human_reviewer({"document": input, "analysis": validation})
        path = "human_review"
    else:
        outcome = auto_approve_document({"document": input, "validation": validation})
        path = "auto_approved"
    return {"routed": True, "path": path, "risk_score": validation["risk_score"], "outcome": outcome}
