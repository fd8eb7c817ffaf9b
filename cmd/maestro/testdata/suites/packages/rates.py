import requests


def rates(input) -> dict:
    return requests.get("https://rates.example.com/today", timeout=5).json()
