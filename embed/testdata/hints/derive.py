"""Prints the schemas of the function "f" in each of the files named, one line
of JSON each. Run with the folder of hints.py in PYTHONPATH."""

import json
import sys

import hints

for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        print(json.dumps(hints.derive_schemas("f", file.read())))
