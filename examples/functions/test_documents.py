import pytest

ADDRESS = "https://example.com/document.txt"
HARMLESS = "Report: a summary of the findings. Thank you, we are pleased with the results of the quarter."
COMPLAINT = "Complaint: this is unacceptable, I want a refund of $12,000.00."


@pytest.mark.parametrize(
    ("text", "path", "decision"),
    [(HARMLESS, "auto_approved", "auto_approve_document"), (COMPLAINT, "human_review", "notify_human_reviewer")],
)
def test_path_of_a_document(maestro, document, to_webhook, text, path, decision):
    document[ADDRESS] = text
    run = maestro.run("document_webhook", to_webhook("process-document", {"document_url": ADDRESS}, {"X-User-ID": "ada"}))
    assert run.result["processing"]["path"] == path
    assert len(run.calls(decision)) == 1
    assert run.calls("fetch_document")[0].depth == 4, run.tree()


def test_document_that_requires_review(maestro):
    with pytest.raises(ValueError, match="cannot be approved automatically"):
        maestro.call("auto_approve_document", {"document": {"url": ADDRESS}, "validation": {"requires_review": True, "risk_score": 0.9}})


def test_risk_of_what_the_analyst_says(maestro, monkeypatch):
    import validate_business_rules

    monkeypatch.setattr(validate_business_rules, "AUTO_APPROVE_LIMIT", 10)
    maestro.replace("analyze_document", lambda input: {"entities": [{"type": "amount", "text": "$11.00"}], "sentiment": "neutral", "category": "invoice", "size": 1})
    judged = maestro.run("validate_business_rules", {"url": ADDRESS}).result
    assert judged["requires_review"]
    assert judged["reasons"] == ["an amount of 11.00 is over 10"]
