"""Turns the source of a stored function into the code object that runs.

A plain call `f(...)` of a name that is bound nowhere in the source becomes
`__maestro_call("f", ...)`, which finds the sibling when the call happens.
Every line and column stays as the author wrote it. The source is not run here,
and the result does not depend on the existing siblings.

All other references to a sibling are left unchanged, and find it among the
module's builtins: a sibling as a value, a name in exec or eval, an annotation,
the class of a pattern, and also

* a call of a name that the source binds somewhere, perhaps on some paths only:
  it is the module's where it is bound, at the cost of an ordinary call; unbound
  when it is used, it means the sibling, as it would mean a builtin;

* a call directly in a class body: such a name is looked up in the class's
  namespace first, which a metaclass or exec may have filled;
* a call with **: Python's error message about its keywords names the callee;
* the header of a generic class, type parameters and type aliases, which have
  separate scopes.

One difference remains: for an undefined name, the NameError is raised after the
call's arguments were evaluated, not before.

definition.py, scopes.py and imports.py share its namespace.
"""

import _ast
import _symtable
import builtins
import gc
import marshal
import sys
import warnings

CALL = "__maestro_call"
# The same for code inside a class, where Python mangles names like CALL.
CALL_IN_CLASS = "__maestro_call__"

_ONLY_AST = 0x400  # ast.PyCF_ONLY_AST; the ast module itself costs milliseconds to import
_BUILTINS = frozenset(dir(builtins))


class TransformError(Exception):
    """The fault of a source. kind is "syntax_error", "no_such_def" or
    "standard_name": a stored module has the name of one of the standard library.

    line and column count characters from 1; 0 stands for "no one place".
    """

    def __init__(self, kind, message, line=0, column=0):
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.line = line
        self.column = column


def source_filename(name, version):
    """Names the source of a version in tracebacks and in linecache.

    In angle brackets, so that nothing ever takes it for a file to open.
    """
    return f"<{name} v{version}>"


def compile_function(name, version, source, is_module=False, filename=None):
    """Compiles a version of a function, or of a stored module. filename names its
    source, instead of source_filename.

    Returns a dict: "code", the marshalled code object; "async", whether the
    def is an async one; "generator", whether it yields; "bound", the sorted names that the source binds at
    module level, real builtins aside: what they mean while they are bound is the
    module's, not a sibling's;
    "imports", the sorted names of the modules that it imports (imports.py);
    "warnings", a list of {"line", "message"} for the author. Raises
    TransformError. One thread of an interpreter at a time: while it works,
    the interpreter's warnings come here.
    """
    if is_module and name in sys.stdlib_module_names:
        raise TransformError("standard_name", f'"{name}" is a module of the standard library, which would hide this one; choose another name')
    filename = filename or source_filename(name, version)
    source = source.removeprefix("\ufeff")  # of an editor's file; compile() would refuse it in text
    collecting = gc.isenabled()
    gc.disable()  # a tree is many objects and no cycle: collecting costs more than all the rest
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            code, definition, bound, told, imports = _compile_function(name, source, filename, caught, is_module)
            generator = definition is not None and is_generator(definition, source)  # noqa: F821 (definition.py)
    finally:
        if collecting:
            gc.enable()
    return {
        "code": marshal.dumps(code),
        "async": type(definition) is _ast.AsyncFunctionDef,
        "generator": generator,
        "bound": sorted(bound - _BUILTINS),
        "imports": imports,
        "warnings": [{"line": warning.lineno, "message": str(warning.message)} for warning in caught[:told]],
    }


def _compile_function(name, source, filename, caught, is_module=False):
    tree = _parse(source, filename)
    if sum(map(source.count, _NESTING)) > _MAX_BLOCKS:
        _check_nesting(tree, source)
    code = _compile(tree, filename, source)  # as the author wrote it
    told = len(caught)  # the passes to come warn again of the same
    definition = None if is_module else find_definition(name, tree)
    imports = imported_modules(tree, source)  # noqa: F821 (imports.py)
    module = _symtable.symtable(source, filename, "exec")
    bound, siblings, tables = survey(module)
    # An author who uses our own name gets nothing rewritten to it.
    if siblings and CALL not in source and rewrite(tree, module, siblings, tables):
        code = _compile(tree, filename, source)
    return code, definition, bound, told, imports


# What hostile or generated sources get out of the parser and the compiler.
_TOO_DEEP = (RecursionError, MemoryError, OverflowError)


def _parse(source, filename):
    try:
        return compile(source, filename, "exec", _ONLY_AST, dont_inherit=True, optimize=0)
    except SyntaxError as error:
        if "\0" in source:
            raise _at(source.index("\0"), source, "source code cannot contain null bytes") from None
        raise _located(error, error.offset) from None
    except UnicodeEncodeError as error:
        raise _at(error.start, source, "half of a surrogate pair is no character") from None
    except _TOO_DEEP:
        raise _too_deep() from None


def _compile(tree, filename, source):
    try:
        return compile(tree, filename, "exec", dont_inherit=True, optimize=0)
    except SyntaxError as error:
        column = error.offset
        if error.lineno and column:  # unlike the parser, these stages count UTF-8 bytes
            column = _column(source, error.lineno, column - 1)
        raise _located(error, column) from None
    except _TOO_DEEP:
        raise _too_deep() from None


# In CPython 3.14.6 the limit for nested blocks, 21, does not count inlined
# comprehensions: some twenty of them in each other end the process with a
# segmentation fault (python/cpython issue 156091). The difference is for
# generators and async for, which take a place or two.
_MAX_BLOCKS = 18
_NESTING = ("for", "try", "except", "finally", "with")


def _check_nesting(tree, source):
    """Refuses a comprehension in too many handlers and comprehensions."""
    pending = [(tree, 0)]
    while pending:
        node, depth = pending.pop()
        kind = type(node)
        if kind in _INLINED:
            depth += 1
            if depth > _MAX_BLOCKS:
                column = _column(source, node.lineno, node.col_offset)
                raise TransformError("syntax_error", "too many statically nested blocks", node.lineno, column)
        for field in node._fields:
            value = getattr(node, field, None)
            inner = depth
            if field == "body" and kind in _DEFINITIONS:
                inner = 0  # code of its own
            elif kind is _ast.Try or kind is _ast.TryStar:
                inner += bool(node.finalbody) + (field == "body")
            elif kind is _ast.ExceptHandler:
                inner += 2
            elif kind is _ast.With or kind is _ast.AsyncWith:
                inner += len(node.items)
            if type(value) is list:
                pending += [(child, inner) for child in value if isinstance(child, _ast.AST)]
            elif isinstance(value, _ast.AST):
                pending.append((value, inner))


def _at(index, source, message):
    before = _lines(source[:index])
    return TransformError("syntax_error", message, len(before), len(before[-1]) + 1)


def _lines(source):
    """Splits a source as Python does: str.splitlines knows more line ends."""
    return source.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _column(source, line, offset):
    """Turns an offset in UTF-8 bytes, from 0, into a column in characters."""
    before = _lines(source)[line - 1].encode()[:offset]
    return len(before.decode(errors="replace")) + 1


def _located(error, column):
    line = error.lineno or 0
    return TransformError("syntax_error", error.msg, line, max(column or 0, 1) if line else 0)


def _too_deep():
    return TransformError("syntax_error", "the source is nested too deeply to be compiled")


def _fields(**by_name):
    return {getattr(_ast, name): fields.split() for name, fields in by_name.items()}


# The fields that the walk visits of each node, the last one first: the stack
# reverses them into the order in which the compiler makes its tables. The other
# fields are lazy (annotations, type parameters) or contain no call (patterns).
_CHILDREN = _fields(
    Module="body",
    Name="",
    Constant="",
    Pass="",
    Break="",
    Continue="",
    Import="",
    ImportFrom="",
    Global="",
    Nonlocal="",
    TypeAlias="",
    Return="value",
    Delete="targets",
    Assign="value targets",
    AugAssign="value target",
    AnnAssign="value target",
    For="orelse body iter target",
    AsyncFor="orelse body iter target",
    While="orelse body test",
    If="orelse body test",
    With="body items",
    AsyncWith="body items",
    withitem="optional_vars context_expr",
    Match="cases subject",
    match_case="body guard",
    Raise="cause exc",
    Try="finalbody handlers orelse body",
    TryStar="finalbody handlers orelse body",
    ExceptHandler="body type",
    Assert="msg test",
    Expr="value",
    BoolOp="values",
    NamedExpr="value",
    BinOp="right left",
    UnaryOp="operand",
    IfExp="orelse body test",
    Dict="values keys",
    Set="elts",
    Await="value",
    Yield="value",
    YieldFrom="value",
    Compare="comparators left",
    Call="keywords args func",
    FormattedValue="format_spec value",
    Interpolation="format_spec value",
    JoinedStr="values",
    TemplateStr="values",
    Attribute="value",
    Subscript="slice value",
    Starred="value",
    List="elts",
    Tuple="elts",
    Slice="step upper lower",
    keyword="value",
)
_COMPREHENSIONS = (_ast.GeneratorExp, _ast.ListComp, _ast.SetComp, _ast.DictComp)
_INLINED = _COMPREHENSIONS[1:]  # none of them is visited where they would not be


def rewrite(tree, module, siblings, tables):
    """Rewrites the calls of siblings in the tree; returns their number.

    siblings and tables are survey's. The walk has a stack of its own: a long
    a + b + c … is deeper than Python's recursion goes. Besides nodes the
    stack holds scopes, to be gone back to, and functions that go into one.
    """
    count = 0
    scope = _Scope(None, None, module)
    entered = [scope]
    stack = [tree]
    while stack:
        node = stack.pop()
        kind = type(node)
        fields = _CHILDREN.get(kind)
        if fields is not None:
            if kind is _ast.Call and type(node.func) is _ast.Name and not scope.is_class:
                name = scope.mangle(node.func.id)
                if name in siblings and scope.is_global(name) and all(k.arg for k in node.keywords):
                    _rewrite_call(node, name, CALL if scope.private is None else CALL_IN_CLASS)
                    count += 1
            for field in fields:
                child = getattr(node, field)
                if type(child) is list:
                    stack += child[::-1]
                elif child is not None:
                    stack.append(child)
        elif kind is _Scope:
            scope = node
        elif kind in _FUNCTIONS:
            stack.append((node,))
            stack += node.decorator_list[::-1]
            _push_defaults(stack, node.args)
        elif kind is _ast.Lambda:
            stack.append((node,))
            _push_defaults(stack, node.args)
        elif kind is _ast.ClassDef:
            stack.append((node,))
            if not node.type_params:
                stack += node.keywords[::-1]
                stack += node.bases[::-1]
            stack += node.decorator_list[::-1]
        elif kind in _COMPREHENSIONS:
            stack.append((node,))
            stack.append(node.generators[0].iter)  # belongs to the scope around it
        elif kind is tuple:
            inner = _enter(scope, node[0])
            if inner.table is None or inner.table.id in tables:
                entered.append(inner)
                stack.append(scope)
                stack += _inside(node[0])
                scope = inner
        elif node is not None:  # None stands among a dict's keys for **
            raise RuntimeError(f"unknown syntax: {kind.__name__}")
    for scope in entered:
        scope.check()
    return count


def _push_defaults(stack, arguments):
    stack += [default for default in arguments.kw_defaults[::-1] if default is not None]
    stack += arguments.defaults[::-1]


def _enter(scope, node):
    """Returns the scope that a definition or comprehension opens."""
    kind, private = type(node), scope.private
    if kind in _INLINED:
        return _Scope(scope, private, targets=_targets(node))
    if kind is _ast.GeneratorExp:
        return _Scope(scope, private, scope.take(_FUNCTION, "genexpr", node.lineno), _targets(node))
    if kind is _ast.Lambda:
        return _Scope(scope, private, scope.take(_FUNCTION, "lambda", node.lineno))
    if node.type_params:
        scope = _Scope(scope, private, scope.take(_PARAMETERS, node.name, node.lineno))
    if kind is _ast.ClassDef:
        return _Scope(scope, node.name, scope.take(_CLASS, node.name, node.lineno))
    return _Scope(scope, private, scope.take(_FUNCTION, node.name, node.lineno))


def _inside(node):
    """Lists the nodes in the scope that node opens, the last one first."""
    kind = type(node)
    if kind is _ast.Lambda:
        return [node.body]
    if kind not in _COMPREHENSIONS:
        return node.body[::-1]
    nodes = []
    for generator in node.generators:
        nodes += generator.target, generator.iter, *generator.ifs
    del nodes[1]  # the first iterable
    nodes += (node.value, node.key) if kind is _ast.DictComp else (node.elt,)
    nodes.reverse()
    return nodes


def _targets(node):
    """Returns the names that a comprehension's for clauses bind."""
    names = set()
    pending = [generator.target for generator in node.generators]
    while pending:
        target = pending.pop()
        kind = type(target)
        if kind is _ast.Name:
            names.add(target.id)
        elif kind is _ast.Starred:
            pending.append(target.value)
        elif kind is _ast.Tuple or kind is _ast.List:
            pending += target.elts
    return names


def _rewrite_call(node, name, callee):
    """Makes f(...) a call of callee with "f" before its arguments, all of
    which stands where f stood."""
    func = node.func
    func.id = callee
    node.args.insert(
        0,
        _ast.Constant(
            value=name,
            lineno=func.lineno,
            col_offset=func.col_offset,
            end_lineno=func.end_lineno,
            end_col_offset=func.end_col_offset,
        ),
    )
