import os
import time

import maestro

LIMIT = 10


def order(input: dict) -> dict:
    price = fetch_price({"item": input["item"]})
    if price > LIMIT:
        raise ValueError(f"{price} is over {LIMIT}")
    return {"price": price, "key": maestro.secret("API_KEY"), "region": os.environ.get("REGION"), "at": time.time()}
