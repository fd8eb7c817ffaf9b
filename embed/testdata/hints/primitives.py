# accepts input: 1
# refuses input: 1.5
# refuses input: "1"
# accepts output: null
# refuses output: {}
def f(x: int) -> None: ...
