import typing


def main(input):
    def local(a: double, b: double(3), c: list[double] = None) -> double:
        x: double(4) = 5
        return x

    before = local(1, 2)
    seen = local.__annotations__
    return [before, seen["a"](1), seen["b"], typing.get_args(seen["c"])[0](2), seen["return"] is double]
