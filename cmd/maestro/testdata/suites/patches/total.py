async def total(input: list) -> int:
    return sum([await slow_price({"item": item}) for item in input])
