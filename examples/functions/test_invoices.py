import pytest

ADDRESS = "https://example.com/invoice.txt"
INVOICE = """
Invoice Number: INV-2026-7
Date: 2026-03-14
Bill to: Acme Corporation
Total: $1,234.50
"""


@pytest.fixture
def invoice(document):
    document[ADDRESS] = INVOICE
    return {"document_url": ADDRESS, "customer_id": "CUST001"}


def test_steps_of_an_urgent_invoice(maestro, invoice):
    run = maestro.run("process_invoice", {**invoice, "priority": "high"})
    assert run.result == {"invoice_number": "INV-2026-7", "total": 1234.5, "customer_valid": True, "status": "processed"}
    assert [step.function for step in run.steps] == ["fetch_document", "extract_invoice_data", "validate_customer", "notify_team"]
    assert run.calls("notify_team")[0].input == {"message": "High priority invoice: INV-2026-7"}
    assert [line.text for line in run.logs] == ["[invoices] High priority invoice: INV-2026-7"]


def test_invoice_without_haste(maestro, invoice):
    assert not maestro.run("process_invoice", invoice).calls("notify_team")


def test_document_that_is_no_invoice(maestro, invoice, document):
    document[ADDRESS] = "Dear Sir or Madam"
    run = maestro.run("process_invoice", invoice)
    assert run.status == "failed"
    assert str(run.error) == "ValueError: no invoice number found: the document does not look like an invoice"
    assert [step.status for step in run.steps] == ["completed", "failed"]


@pytest.mark.parametrize(
    ("customer", "total", "reasons"),
    [
        ("CUST003", 5_000, []),
        ("CUST003", 5_000.01, ["the total of 5000.01 is over the limit of 5000"]),
        ("CUST003", -1, ["the total is negative"]),
        ("CUST999", 1, ["unknown customer"]),
    ],
)
def test_limits_of_customers(maestro, customer, total, reasons):
    checked = maestro.call("validate_customer", {"customer_id": customer, "invoice_data": {"total": total}})
    assert checked["reasons"] == reasons
    assert checked["is_valid"] == (not reasons)


@pytest.mark.parametrize(("text", "amount"), [("1,234.50", 1234.5), ("1.234,50", 1234.5), ("1 234.50", 1234.5), ("1,234", 1234)])
def test_amounts(text, amount):
    import extract_invoice_data

    assert extract_invoice_data.parse_amount(text) == amount


def test_webhook(maestro, invoice, to_webhook):
    request = to_webhook("process-invoice", {"url": ADDRESS}, {"X-Customer-ID": "CUST001"}, {"priority": "high"})
    run = maestro.run("invoice_webhook_handler", request)
    assert run.result["invoice"]["customer_valid"]
    assert run.children[0].input == {"document_url": ADDRESS, "customer_id": "CUST001", "priority": "high"}


def test_report_of_the_day(maestro, document):
    document |= {"https://example.com/1": INVOICE, "https://example.com/2": "nothing"}
    report = maestro.run("daily_invoice_report", {"document_urls": list(document)}).result
    assert report["invoices"] == ["INV-2026-7"]
    assert report["totals"] == {"USD": 1234.5}
    assert report["unreadable"][0]["document_url"] == "https://example.com/2"


def test_downloads_by_other_schemes(maestro):
    with pytest.raises(ValueError, match="not an http or https address"):
        maestro.call("fetch_document", {"url": "file:///etc/passwd"})
