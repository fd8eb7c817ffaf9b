def attempt(call):
    try:
        return call()
    except TypeError as error:
        return f"TypeError: {error}"


def main(input):
    fields = {"b": 2, "c": 3}
    return [
        echo(7),
        echo([1, {"a": None}]),
        echo(),
        echo(a=1),
        # Any keyword is a field of the object, also those that a Python helper
        # would have taken for its own parameters.
        echo(name="n", self="s", input="i", f="f"),
        echo(*[8]),
        echo(**fields),
        echo(a=1, **fields),
        echo(*[]),
        attempt(lambda: echo(1, 2)),
        attempt(lambda: echo(*[1, 2, 3])),
        attempt(lambda: echo(1, a=2)),
        attempt(lambda: echo(**{"a": 1}, **fields, **{"a": 2})),
        attempt(lambda: echo(*5)),
        attempt(lambda: echo(**5)),
    ]
