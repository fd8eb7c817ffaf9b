import urllib.request


def fetch_price(input: dict) -> int:
    raise RuntimeError("there is no network in tests")
