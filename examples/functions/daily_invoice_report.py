"""The morning's report: what the invoices at hand add up to."""

from collections import defaultdict
from datetime import date


def read_invoice(url):
    """One that cannot be read is a line of the report, not its end."""
    try:
        doc = fetch_document({"url": url})
        return extract_invoice_data({"content": doc["content"]}), None
    except (ConnectionError, ValueError) as error:
        return None, str(error)


def daily_invoice_report(input):
    totals, numbers, unreadable = defaultdict(float), [], []
    for url in input["document_urls"]:
        invoice, problem = read_invoice(url)
        if problem is not None:
            unreadable.append({"document_url": url, "problem": problem})
            continue
        numbers.append(invoice["number"])
        totals[invoice["currency"]] += invoice["total"]
    totals = {currency: round(total, 2) for currency, total in sorted(totals.items())}
    amounts = ", ".join(f"{total:,.2f} {currency}" for currency, total in totals.items()) or "nothing"
    message = f"{len(numbers)} invoices add up to {amounts}"
    if unreadable:
        message += f"; {len(unreadable)} cannot be read"
    notify_team({"message": message, "channel": input.get("channel", "reports")})
    return {
        "date": date.today(),
        "invoices": numbers,
        "totals": totals,
        "unreadable": unreadable,
        "message": message,
    }
