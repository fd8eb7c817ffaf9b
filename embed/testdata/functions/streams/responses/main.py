"""A Response around an iterator, as another function gets it."""


async def main(input):
    results = [table(3)]
    for call in (lambda: failing(None), lambda: table_async(None)):
        try:
            result = call()
            results.append(await result if hasattr(result, "__await__") else result)
        except Exception as error:
            results.append(f"{type(error).__name__}: {error}")
    return results
