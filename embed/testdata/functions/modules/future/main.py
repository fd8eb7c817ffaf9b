from __future__ import annotations


def local(x: double(1)) -> nobody:
    return double(x)


def main(input: whatever) -> double:
    return [local(2), local.__annotations__]
