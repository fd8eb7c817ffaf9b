"""The parts of the transform in one namespace, as the compiler's interpreter
has them.
"""

import pathlib

_folder = pathlib.Path(__file__).resolve().parents[2] / "python"
for _part in ("definition.py", "scopes.py", "imports.py", "transform.py"):
    exec(compile((_folder / _part).read_text(), _part, "exec"))
