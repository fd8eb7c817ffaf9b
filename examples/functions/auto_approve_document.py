"""Approves a document that the rules found harmless, and no other."""


def auto_approve_document(input):
    validation = input["validation"]
    if validation["requires_review"]:
        raise ValueError("a document that requires review cannot be approved automatically")
    print(f"approved {input['document']['url']} at risk {validation['risk_score']}")
    return {"approved": True, "approved_by": "auto", "risk_score": validation["risk_score"]}
