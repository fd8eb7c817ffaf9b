from __future__ import annotations


def local(x: double(1)) -> missing:
    return double(x)


def main(input: unknown) -> double:
    return [local(2), local.__annotations__]
