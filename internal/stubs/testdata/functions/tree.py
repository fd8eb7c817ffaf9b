from typing import TypedDict


class Node(TypedDict):
    value: int
    children: "list[Node]"


def tree(input: Node) -> Node: ...
