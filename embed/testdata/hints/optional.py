import typing
import typing as t
from typing import Optional as Maybe, Union


# accepts input: null
# accepts input: [1, null, "a"]
# refuses input: [1.5]
# accepts output: {"a": null}
# accepts output: [true]
# refuses output: [1]
def f(x: Maybe[list[Union[int, str, None]]]) -> t.Union[dict[str, typing.Optional[str]], list[bool]]: ...
