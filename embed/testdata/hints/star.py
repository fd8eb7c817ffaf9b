from typing import *
from dataclasses import *


@dataclass
class P:
    x: List[int]
    y: Optional[str] = None


# accepts input: {"x": [1]}
# refuses input: {"x": ["1"]}
def f(p: P) -> Any: ...
