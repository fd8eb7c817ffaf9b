async def main(input):
    first = await fetch("a")
    second = await fetch({"key": "b"})
    return [first, second, double(4), await twice("c")]
