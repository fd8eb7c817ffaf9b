"""The program of `maestro stubs`, after the parts of the compiler: reads a list of
{"name", "code", "module"} and writes one of what the sources say. Nothing of them is run.
"""
# ruff: noqa: F821


def say(name, source, module):
    answer = {"async": False, "generator": False, "doc": "", "parameter": "", "input": None, "output": None, "error": "", "builtin": name in _BUILTINS}
    try:
        tree = compile(source.removeprefix("\ufeff"), "<stubs>", "exec", _ONLY_AST, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
        answer["error"] = str(error)
        return answer
    node = None if module else _last_definition(name, tree)
    if node is None:
        return answer
    parameters = node.args.posonlyargs + node.args.args
    answer["parameter"] = parameters[0].arg if parameters else "input"
    answer["async"] = type(node) is _ast.AsyncFunctionDef
    answer["generator"] = is_generator(node, source)
    answer["doc"] = _docstring(node.body) or _docstring(tree.body)
    return answer | derive_schemas(name, source)


def main():
    asked = json.load(sys.stdin)
    json.dump([say(one["name"], one["code"], one["module"]) for one in asked], sys.stdout)


warnings.simplefilter("ignore")
main()
