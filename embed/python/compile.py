"""The compiler's interpreter: answers Host.Compile and Host.Hints.

It is run after transform.py and hints.py, in the same namespace.
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


def hint_schemas(request):
    """Takes {"name", "source"} and returns {"input", "output"}: the schemas that
    the function's type hints say, null for what they don't.
    """
    asked = json.loads(request)
    return json.dumps(derive_schemas(asked["name"], asked["source"]), allow_nan=False).encode()  # noqa: F821 (hints.py)
