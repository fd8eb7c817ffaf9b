import asyncio

import pytest


async def test_await():
    assert await ask("abc") == "cba"
    assert await asyncio.gather(ask("ab"), ask("cd")) == ["ba", "dc"]


@pytest.mark.parametrize("n", [0, 3])
async def test_async_for(n, maestro):
    assert [page async for page in pages(n)] == [f"a{i}" for i in range(n)]
    assert maestro.run("pages", n).result == [f"a{i}" for i in range(n)]


def test_generator(maestro, capsys):
    assert list(count(2)) == [0, 1]
    assert maestro.run("count", 3).result == [0, 1, 2]
    assert capsys.readouterr().out == "item 0\nitem 1\nitem 0\nitem 1\nitem 2\n"


def test_double_of_a_generator(maestro):
    maestro.replace("pages", lambda input: ["x"])
    assert maestro.run("pages", 1).result == ["x"]


def test_input_that_does_not_fit(maestro):
    assert maestro.run("ask", 1).error.type == "InputInvalid"
    maestro.replace("pages", lambda input: [1])
    assert maestro.run("pages", 1).error.type == "OutputInvalid"
