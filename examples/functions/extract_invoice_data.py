"""Finds what matters in the text of an invoice."""

import re

NUMBER = re.compile(
    r"\binvoice[ \t]*(?:number|no\.?|num\.?|id)?[ \t]*(?:[:#]\s*)*([A-Z0-9][A-Z0-9/_-]*\d[A-Z0-9/_-]*|\d)",
    re.IGNORECASE,
)
DATE = re.compile(r"\b(?:invoice\s+)?date\s*:?\s*(\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{4})", re.IGNORECASE)
CUSTOMER = re.compile(r"\b(?:bill(?:ed)?\s+to|customer)\s*:\s*(.+)", re.IGNORECASE)
# The more telling words first: an invoice may have a total of each page, too.
TOTALS = [
    re.compile(r"(?<![-\w])" + words + r"\s*:?\s*([$€£]|[A-Z]{3}\b)?\s*(-?\d[\d.,' ]*)\s*([$€£]|[A-Z]{3}\b)?", re.IGNORECASE)
    for words in (r"(?:grand\s+total|total\s+due|amount\s+due|total\s+amount)", r"total")
]
CURRENCIES = {"$": "USD", "€": "EUR", "£": "GBP"}


def parse_amount(text):
    """Reads 1,234.50 as well as 1.234,50 and 1 234.50."""
    digits = re.sub(r"[ ']", "", text).rstrip(".,")
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma > point and (point >= 0 or len(digits) - comma - 1 != 3):
        digits = digits.replace(".", "").replace(",", ".")
    else:
        digits = digits.replace(",", "")
    return round(float(digits), 2)


def find_total(content):
    for pattern in TOTALS:
        matches = pattern.findall(content)
        if matches:
            before, amount, after = matches[-1]
            sign = (before or after or "USD").upper()
            return parse_amount(amount), CURRENCIES.get(sign, sign)
    raise ValueError("no total found: the document does not look like an invoice")


def extract_invoice_data(input):
    content = input["content"]
    number = NUMBER.search(content)
    if number is None:
        raise ValueError("no invoice number found: the document does not look like an invoice")
    total, currency = find_total(content)
    date = DATE.search(content)
    customer = CUSTOMER.search(content)
    return {
        "number": number.group(1),
        "total": total,
        "currency": currency,
        "date": date.group(1) if date else None,
        "customer_name": customer.group(1).strip() if customer else None,
    }
