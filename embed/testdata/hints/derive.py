"""Prints the schemas of the function "f" in each of the files named, one line
of JSON each.

usage: derive.py FOLDER_OF_HINTS FILE...
"""

import json
import sys

namespace = {}
for part in ("definition", "hints_names", "hints_fields", "hints"):
    path = f"{sys.argv[1]}/{part}.py"
    with open(path, encoding="utf-8") as file:
        exec(compile(file.read(), path, "exec"), namespace)

for path in sys.argv[2:]:
    with open(path, encoding="utf-8") as file:
        print(json.dumps(namespace["derive_schemas"]("f", file.read())))
