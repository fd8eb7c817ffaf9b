from typing import TypedDict


class Person(TypedDict):
    name: str
    born: int


def age(input: Person) -> int:
    return this_year({}) - input["born"]
