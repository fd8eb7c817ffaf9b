"""Holds the transform's decisions against the compiler's own.

usage: check_compiler.py FILE_OR_FOLDER... [--every N]

For every .py file below, each plain call of a name must be rewritten exactly
when the compiler loads that name from the globals and nothing at module level
binds it; and the rewritten code must have the lines, columns, names and
constants of the original, the calls themselves aside.

Prints one line with the totals; each difference is a line on stderr and makes
the exit status 1.
"""

import _ast
import builtins
import dis
import pathlib
import sys
import types
import warnings

import transform

ONLY_AST = 0x400
BUILTINS = set(dir(builtins))


def main(arguments):
    every = 1
    if "--every" in arguments:
        at = arguments.index("--every")
        every = int(arguments[at + 1])
        del arguments[at : at + 2]
    files = []
    for argument in map(pathlib.Path, arguments):
        files += sorted(argument.rglob("*.py")) if argument.is_dir() else [argument]
    warnings.simplefilter("ignore")
    totals = {"files": 0, "calls": 0, "loads": 0, "rewritten": 0, "differences": 0}
    for path in files[::every]:
        try:
            source = path.read_text()
            original = compile(source, "x", "exec", dont_inherit=True, optimize=0)
        except (SyntaxError, UnicodeDecodeError, ValueError):
            continue
        totals["files"] += 1
        for difference in check(source, original, totals):
            totals["differences"] += 1
            print(f"{path}: {difference}", file=sys.stderr)
    print(" ".join(f"{name}={count}" for name, count in totals.items()))
    return 1 if totals["differences"] else 0


def check(source, original, totals):
    """Yields the faults in the transform of one source."""
    tree = parse(source)
    calls = {position(node): node.func.id for node in plain_calls(tree) if all(k.arg for k in node.keywords)}
    stored, dead = bare_annotations(tree)
    decisions = {}  # of the compiler: position → {(opcode, mangled name, kind of code)}
    for code, where in walk(original):
        for instruction in dis.get_instructions(code):
            opcode, name = instruction.opname, instruction.argval
            if opcode in ("STORE_GLOBAL", "DELETE_GLOBAL") or where == "module" and opcode in ("STORE_NAME", "DELETE_NAME"):
                stored.add(name)
            elif opcode.startswith("LOAD_") and isinstance(name, str):
                totals["loads"] += 1
                place = tuple(instruction.positions)
                if place in calls and same_name(name, calls[place]):
                    decisions.setdefault(place, set()).add((opcode, name, where))
    totals["calls"] += len(decisions)
    try:
        table = transform._symtable.symtable(source, "x", "exec")
        bound, siblings, tables = transform.survey(table)
        transform.rewrite(tree, table, siblings, tables)
        # Once more as if nothing were bound, so that nearly every call is put to
        # the test. Not those of builtins: the compiler has plans for some of them
        # (super, any, all, tuple …).
        every_tree = parse(source)
        every_name, every_table = everything(table)
        transform.rewrite(every_tree, table, every_name, every_table)
        rewritten = compile(every_tree, "x", "exec", dont_inherit=True, optimize=0)
    except Exception as error:
        yield f"{type(error).__name__}: {error}"
        return
    for name in sorted(stored ^ bound):
        if not is_dunder(name) and not (name in bound and name in dead):
            yield f"{name}: the compiler {'binds' if name in stored else 'does not bind'} it at module level"
    passed, every_passed = names_passed(tree), names_passed(every_tree)
    totals["rewritten"] += len(every_passed)
    for place, loads in decisions.items():
        wanted = {
            name
            for opcode, name, where in loads
            if name not in BUILTINS and (opcode == "LOAD_GLOBAL" and where in PLAIN or (opcode, where) == AT_TOP)
        }
        free = {name for name in wanted if name not in bound and not is_dunder(name)}
        if {every_passed.get(place)} - {None} != wanted or {passed.get(place)} - {None} != free:
            yield f"line {place[0]}: {calls[place]} is loaded by {loads}, but is passed as {every_passed.get(place)}, {passed.get(place)}"
    yield from compare(original, rewritten)


PLAIN = ("module", "class", "function")
AT_TOP = ("LOAD_NAME", "module")


def parse(source):
    return compile(source, "x", "exec", ONLY_AST, dont_inherit=True, optimize=0)


def everything(table):
    """Returns the names in all tables, and the tables' ids."""
    names, tables, pending = set(), set(), [table]
    while pending:
        table = pending.pop()
        names.update(table.symbols)
        tables.add(table.id)
        pending += table.children
    return names - BUILTINS, tables


def names_passed(tree):
    """Maps the position of each rewritten call to the name that it passes."""
    callees = (transform.CALL, transform.CALL_IN_CLASS)
    return {position(node): node.args[0].value for node in plain_calls(tree) if node.func.id in callees}


def is_dunder(name):
    return name.startswith("__") and name.endswith("__")


def plain_calls(tree):
    pending = [tree]
    while pending:
        node = pending.pop()
        if type(node) is _ast.Call and type(node.func) is _ast.Name:
            yield node
        for field in node._fields:
            value = getattr(node, field, None)
            if isinstance(value, _ast.AST):
                pending.append(value)
            elif isinstance(value, list):
                pending += [item for item in value if isinstance(item, _ast.AST)]


def bare_annotations(tree):
    """Returns two sets of names that module level binds without a store: by
    `x: T`, and in code that the compiler drops because its condition is
    constant."""
    annotated, dead = set(), set()
    pending = [(node, False) for node in tree.body]
    while pending:
        node, dropped = pending.pop()
        kind = type(node)
        if kind is _ast.AnnAssign and type(node.target) is _ast.Name:
            annotated.add(node.target.id)
        if dropped:
            dead.update(names_bound(node))
        if kind not in (_ast.FunctionDef, _ast.AsyncFunctionDef, _ast.ClassDef):
            constant = kind in (_ast.If, _ast.While) and type(node.test) is _ast.Constant
            for field in ("body", "handlers", "cases", "orelse", "finalbody"):
                value = getattr(node, field, None)
                if isinstance(value, list):
                    pending += [(child, dropped or constant) for child in value]
    return annotated, dead


def names_bound(statement):
    """Yields the names that one statement in dead code may bind."""
    if isinstance(statement, (_ast.FunctionDef, _ast.AsyncFunctionDef, _ast.ClassDef)):
        yield statement.name
    elif isinstance(statement, (_ast.Import, _ast.ImportFrom)):
        for alias in statement.names:
            yield alias.asname or alias.name.partition(".")[0]
    else:
        for target in getattr(statement, "targets", [getattr(statement, "target", None)]):
            for name in getattr(target, "elts", [target]):
                yield getattr(name, "id", None)


def position(node):
    func = node.func
    return func.lineno, func.end_lineno, func.col_offset, func.end_col_offset


def same_name(mangled, name):
    return mangled == name or name.startswith("__") and mangled.endswith(name)


def walk(code, where="module"):
    """Yields every code object, and whether it is the module's, a class's, a
    function's, or one that is lazy (annotations, aliases, type parameters)."""
    yield code, where
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            if where == "lazy" or constant.co_varnames[:1] in ((".format",), ("format",)) and constant.co_posonlyargcount == 1:
                inner = "lazy"
            elif constant.co_name.startswith("<generic parameters of"):
                inner = "generic"
            elif constant.co_flags & 0x2:  # CO_NEWLOCALS: a function
                inner = "function"
            else:
                inner = "class"
            yield from walk(constant, inner)


SAME = (
    "co_name", "co_qualname", "co_firstlineno", "co_flags", "co_argcount", "co_posonlyargcount", "co_kwonlyargcount",
    "co_nlocals", "co_varnames", "co_freevars", "co_cellvars", "co_filename",
)  # fmt: skip


def compare(original, rewritten):
    """Yields where the rewritten code is not the original's twin."""
    where = f"{original.co_qualname}, line {original.co_firstlineno}"
    for attribute in SAME:
        if getattr(original, attribute) != getattr(rewritten, attribute):
            yield f"{where}: {attribute} differs"
    old, new = list(undo(original)), list(undo(rewritten))
    if {line for _, _, line in original.co_lines()} != {line for _, _, line in rewritten.co_lines()}:
        yield f"{where}: lines differ"
    # A call with stars builds its arguments in another way when there is one more.
    if old != new and "CALL_FUNCTION_EX" not in {opcode for opcode, _ in old + new}:
        differing = next((pair for pair in zip(old, new) if pair[0] != pair[1]), "length")
        yield f"{where}: instructions differ: {differing}"
    children = [
        [constant for constant in code.co_consts if isinstance(constant, types.CodeType)] for code in (original, rewritten)
    ]
    if len(children[0]) != len(children[1]):
        yield f"{where}: another number of inner code objects"
        return
    for pair in zip(*children):
        yield from compare(*pair)


def undo(code):
    """Yields (opcode, positions) without the constants that the rewriting
    added, and without EXTENDED_ARG, which a longer jump or name table needs.
    At module level a name that some function declares global is loaded by
    LOAD_GLOBAL, which pushes a NULL as well: the two ways are made one."""
    place = None  # of a __maestro_call whose first argument comes next
    for instruction in dis.get_instructions(code):
        opcode, positions = instruction.opname, tuple(instruction.positions)
        if opcode == "LOAD_CONST" and positions == place:
            place = None
        elif opcode not in ("EXTENDED_ARG", "PUSH_NULL"):
            opcode = opcode.replace("LOAD_GLOBAL", "LOAD_NAME")
            if opcode == "LOAD_NAME" and instruction.argval in (transform.CALL, transform.CALL_IN_CLASS):
                place = positions
            yield opcode, positions


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
