# An alias that is itself with nothing in between says nothing.
type A = B | None
type B = A | int
type C = list[C]


# accepts output: [[], [[]]]
# refuses output: [1]
def f(x: A) -> C: ...
