"""The analyzer agent. Words and patterns stand in for a language model here:
put a call to one in its place and the rest of the system stays as it is."""

import re

CATEGORIES = {
    "invoice": ("invoice", "amount due", "total", "bill to", "payment terms"),
    "contract": ("agreement", "contract", "party", "hereby", "termination"),
    "complaint": ("complaint", "refund", "unacceptable", "disappointed", "overcharged"),
    "report": ("report", "summary", "findings", "quarter", "results"),
}
POSITIVE = frozenset("thank thanks pleased great excellent appreciate glad good happy welcome".split())
NEGATIVE = frozenset("unacceptable disappointed overdue dispute complaint wrong refund overcharged penalty fraud urgent".split())

ENTITIES = {
    "amount": re.compile(r"[$€£]\s?\d[\d,]*(?:\.\d{2})?"),
    "date": re.compile(r"\b\d{4}-\d{2}-\d{2}\b"),
    "email": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "invoice_number": re.compile(r"\bINV-[\w-]*\d"),
}


def find_entities(content):
    return [
        {"type": kind, "text": match.group()}
        for kind, pattern in ENTITIES.items()
        for match in pattern.finditer(content)
    ]


def find_category(content):
    text = content.lower()
    scores = {name: sum(text.count(word) for word in words) for name, words in CATEGORIES.items()}
    best = max(scores, key=scores.get)
    return best if scores[best] >= 2 else "other"


def find_sentiment(content):
    words = re.findall(r"[a-z]+", content.lower())
    balance = sum(word in POSITIVE for word in words) - sum(word in NEGATIVE for word in words)
    if balance == 0:
        return "neutral"
    return "positive" if balance > 0 else "negative"


def analyze_document(input):
    document = fetch_document({"url": input["url"]})
    content = document["content"]
    if not content.strip():
        raise ValueError(f"the document at {input['url']} is empty")
    return {
        "entities": find_entities(content),
        "sentiment": find_sentiment(content),
        "category": find_category(content),
        "size": document["size"],
    }
