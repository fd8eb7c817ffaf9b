import typing


async def f(input: dict) -> typing.Annotated[typing.AsyncIterable[str | None], "what the model writes"]:
    # accepts output: ["a", null]
    # refuses output: [1]
    yield "a"
