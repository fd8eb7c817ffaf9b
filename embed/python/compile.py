"""The compiler's interpreter: answers Host.Compile.

It is run after transform.py, in the same namespace.
"""

import json


def compile_program(request):
    """Takes {"name", "version", "source"} and returns one line of JSON, then
    the marshalled code object. The line is {"async", "bound", "warnings"}, or
    {"error": {"kind", "message", "line", "column"}} and no code.
    """
    asked = json.loads(request)
    code = b""
    try:
        answer = compile_function(asked["name"], asked["version"], asked["source"])  # noqa: F821 (transform.py)
        code = answer.pop("code")
    except TransformError as error:  # noqa: F821 (transform.py)
        answer = {
            "error": {
                "kind": error.kind,
                "message": error.message,
                "line": error.line,
                "column": error.column,
            }
        }
    return json.dumps(answer).encode() + b"\n" + code
