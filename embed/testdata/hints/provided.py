# Every function finds datetime (the class), uuid and json without an import.
# accepts input: "2026-01-31T23:59:00"
# refuses input: "x"
# accepts output: "0197f3a2-5c1e-7d3b-9a44-1f2e3d4c5b6a"
# refuses output: "x"
def f(x: datetime) -> uuid.UUID: ...
