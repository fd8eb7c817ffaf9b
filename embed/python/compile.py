"""The compiler's interpreter: answers Host.Compile, Host.CompileModule,
Host.Hints and Host.Inspect.

It is run after transform.py, names.py and hints.py, in the same namespace.
"""

import json


def compile_program(request):
    """Takes {"name", "version", "source", "module", "file"} and returns one line of JSON, then
    the marshalled code object. The line is {"async", "generator", "bound", "imports", "warnings"}, or
    {"error": {"kind", "message", "line", "column"}} and no code.
    """
    asked = json.loads(request)
    code = b""
    try:
        answer = compile_function(asked["name"], asked["version"], asked["source"], asked.get("module", False), asked.get("file"))  # noqa: F821 (transform.py)
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


def inspect_program(request):
    """Takes {"name", "source", "siblings"} and returns what inspect_source says."""
    asked = json.loads(request)
    return json.dumps(inspect_source(asked["name"], asked["source"], asked.get("siblings", ()))).encode()  # noqa: F821 (names.py)
