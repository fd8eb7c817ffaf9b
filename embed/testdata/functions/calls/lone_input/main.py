# A keyword `input` alone is the input, as the parameter of that name says.
def main(input):
    import asyncio

    f = echo

    async def awaits():
        return [await wait_for(input=1), await wait_for(input={"input": 2}), await wait_for(a=1)]

    results = [echo(input=5), echo(input={"a": 1}), echo(input=None), f(input=[1]), echo(**{"input": 6}), echo(input=1, other=2), echo(inputs=1), echo(**{"\ud800nput": 1})]
    try:
        echo(1, input=2)
    except TypeError as error:
        results.append(str(error))
    return results + asyncio.run(awaits())
