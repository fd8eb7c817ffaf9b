"""What the tests share. `maestro functions test examples/functions` runs them."""

import pytest


@pytest.fixture
def document(maestro):
    """Stands in for a download: the text of each document by its address."""
    texts = {}

    def fetch(input):
        content = texts[input["url"]]
        return {"content": content, "type": "text", "size": len(content)}

    maestro.replace("fetch_document", fetch)
    return texts


@pytest.fixture
def to_webhook():
    """Makes the input of a function that a webhook hands the whole request to."""

    def request(path, body, headers=None, query=None):
        return {
            "body": body,
            "headers": headers or {},
            "query": query or {},
            "path_params": {},
            "method": "POST",
            "url": f"https://example.com/api/v1/h/{path}",
            "path": f"/api/v1/h/{path}",
        }

    return request
