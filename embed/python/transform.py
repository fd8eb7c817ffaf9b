"""Turns the source of a stored function into the code object that runs.

A plain call `f(...)` of a name that is bound nowhere in the source becomes
`__maestro_call("f", ...)`, which finds the sibling when the call happens.
Every line and column stays what the author wrote. Nothing of the source is
run here, and which siblings exist plays no part.

Everything else that may name a sibling stays as it is written, and finds it
among the module's builtins: a sibling as a value, a name in exec or eval, an
annotation, the class of a pattern, and also

* a call that stands directly in a class body: such a name is looked up in the
  class's namespace first, which a metaclass or exec may have filled;
* a call with **: Python's complaint about its keywords names what is called;
* the header of a generic class, type parameters and type aliases, which have
  scopes of their own.

One difference remains: where a name is nobody's, the NameError comes after the
call's arguments were evaluated, not before.

The scopes are the compiler's own (symtable). Two things are not in its
tables: list, set and dict comprehensions are inlined into the scope around
them, so their targets are read from the syntax tree; and tables carry no
column, so they are matched by kind, name and line, in the compiler's order.
"""

import _ast
import _symtable
import builtins
import gc
import marshal
import warnings

CALL = "__maestro_call"
# The same for code inside a class, where Python mangles names like CALL.
CALL_IN_CLASS = "__maestro_call__"

_ONLY_AST = 0x400  # ast.PyCF_ONLY_AST; the ast module itself costs milliseconds to import
_BUILTINS = frozenset(dir(builtins))


class TransformError(Exception):
    """What is wrong with a source. kind is "syntax_error" or "no_such_def".

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


def compile_function(name, version, source):
    """Compiles a version.

    Returns a dict: "code", the marshalled code object; "async", whether the
    def is an async one; "bound", the sorted names that the source binds at
    module level, real builtins aside: they hide siblings of the same name;
    "warnings", a list of {"line", "message"} for the author. Raises
    TransformError. One thread of an interpreter at a time: while it works,
    the interpreter's warnings come here.
    """
    filename = source_filename(name, version)
    source = source.removeprefix("\ufeff")  # of an editor's file; compile() would refuse it in text
    collecting = gc.isenabled()
    gc.disable()  # a tree is many objects and no cycle: collecting costs more than all the rest
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            code, definition, bound, told = _compile_function(name, source, filename, caught)
    finally:
        if collecting:
            gc.enable()
    return {
        "code": marshal.dumps(code),
        "async": type(definition) is _ast.AsyncFunctionDef,
        "bound": sorted(bound - _BUILTINS),
        "warnings": [{"line": warning.lineno, "message": str(warning.message)} for warning in caught[:told]],
    }


def _compile_function(name, source, filename, caught):
    tree = _parse(source, filename)
    if sum(map(source.count, _NESTING)) > _MAX_BLOCKS:
        _check_nesting(tree, source)
    code = _compile(tree, filename, source)  # as the author wrote it
    told = len(caught)  # the passes to come warn again of the same
    definition = find_definition(name, tree)
    module = _symtable.symtable(source, filename, "exec")
    bound, siblings, tables = survey(module)
    # An author who uses our own name gets nothing rewritten to it.
    if siblings and CALL not in source and rewrite(tree, module, siblings, tables):
        code = _compile(tree, filename, source)
    return code, definition, bound, told


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


# --- the def ----------------------------------------------------------------

_FUNCTIONS = (_ast.FunctionDef, _ast.AsyncFunctionDef)
_DEFINITIONS = (*_FUNCTIONS, _ast.ClassDef)


def find_definition(name, tree):
    """Returns the top-level def of that name, the last one if there are
    several. A later assignment to the name is the author's business: what it
    is bound to after the module ran is what gets called."""
    found = None
    for node in tree.body:
        if isinstance(node, _DEFINITIONS) and node.name == name:
            found = node
    if isinstance(found, _FUNCTIONS):
        _check_parameters(found)
        return found
    if found is not None:
        raise _no_such_def(f'"{name}" is a class; a function is needed: def {name}(input): …', found)
    raise _missing_definition(name, tree)


def _check_parameters(node):
    arguments = node.args
    positional = arguments.posonlyargs + arguments.args
    required = len(positional) - len(arguments.defaults)
    header = f'"{"async " * (type(node) is _ast.AsyncFunctionDef)}def {node.name}"'
    if not positional:
        raise _no_such_def(f"{header} takes no positional parameter; it needs one, the input: def {node.name}(input): …", node)
    if required == 0:
        first = positional[0].arg
        raise _no_such_def(f'{header} requires no parameter; its first one is the input: take the default away from "{first}"', node)
    if required > 1:
        names = ", ".join(p.arg for p in positional[:required])
        raise _no_such_def(
            f"{header} requires {required} positional parameters ({names}); "
            "exactly one is given, the input: take the others from it, or give them defaults",
            node,
        )
    for parameter, default in zip(arguments.kwonlyargs, arguments.kw_defaults):
        if default is None:
            raise _no_such_def(
                f'{header} requires the keyword-only parameter "{parameter.arg}"; only the input is given: give it a default',
                node,
            )


def _missing_definition(name, tree):
    """Says what stands where the def should be."""
    advice = f"write def {name}(input): … at the top level"
    for node, outer in _nested_definitions(tree):
        if node.name == name and isinstance(node, _FUNCTIONS):
            return _no_such_def(f'"def {name}" on line {node.lineno} stands inside {outer}; move it to the top level', node)
    for node in tree.body:
        if isinstance(node, (_ast.Assign, _ast.AnnAssign)):
            targets = node.targets if isinstance(node, _ast.Assign) else [node.target]
            if any(isinstance(t, _ast.Name) and t.id == name for t in targets):
                return _no_such_def(f'"{name}" is assigned, not defined with def; {advice}', node)
        elif isinstance(node, (_ast.Import, _ast.ImportFrom)):
            if any((a.asname or a.name.partition(".")[0]) == name for a in node.names):
                return _no_such_def(f'"{name}" is imported, not defined with def; {advice}', node)
    others = list(dict.fromkeys(node.name for node in tree.body if isinstance(node, _FUNCTIONS)))
    if not others:
        return _no_such_def(f'there is no "def {name}"; {advice}')
    listed = ", ".join(others[:10]) + (", …" if len(others) > 10 else "")
    return _no_such_def(f'there is no "def {name}" at the top level, only {listed}; rename one of them, or the function')


def _nested_definitions(tree):
    """Yields the defs and classes below the top level, and what they are in."""
    pending = [(node, None) for node in reversed(tree.body)]
    while pending:
        node, outer = pending.pop()
        if isinstance(node, _DEFINITIONS):
            if outer:
                yield node, outer
            outer = f"{'class' if isinstance(node, _ast.ClassDef) else 'def'} {node.name} on line {node.lineno}"
        elif outer is None:
            word = type(node).__name__.removeprefix("Async").removesuffix("Star").lower()
            outer = f"the {word} on line {node.lineno}"
        for field in ("body", "handlers", "cases", "orelse", "finalbody"):
            children = getattr(node, field, None)
            if type(children) is list:
                pending += [(child, outer) for child in reversed(children)]


def _no_such_def(message, node=None):
    if node is None:
        return TransformError("no_such_def", message)
    return TransformError("no_such_def", message, node.lineno, 1)


# --- the scopes -------------------------------------------------------------

_BOUND = _symtable.DEF_BOUND
_DECLARED = _symtable.DEF_GLOBAL
_TARGET = _symtable.DEF_COMP_ITER
_GLOBAL = (_symtable.GLOBAL_IMPLICIT, _symtable.GLOBAL_EXPLICIT)
_OFFSET, _MASK = _symtable.SCOPE_OFF, _symtable.SCOPE_MASK
_FUNCTION, _CLASS = _symtable.TYPE_FUNCTION, _symtable.TYPE_CLASS
_PARAMETERS = _symtable.TYPE_TYPE_PARAMETERS
# Annotations, aliases and the bounds of type variables are lazy, and never rewritten.
_VISITED = (_FUNCTION, _CLASS, _PARAMETERS)


def survey(module):
    """Reads all tables once.

    Returns the names bound at module level; the names, as mangled, that may
    be siblings somewhere; and the ids of the tables in or under which they
    appear. A comprehension's targets stand in the table around it (flag
    _TARGET) when nothing else there has their name: such an entry binds
    nothing, but may hide a use in another comprehension.
    """
    bound, declared, used = set(), set(), []
    for name, flags in module.symbols.items():
        if flags & _TARGET:
            continue
        if flags & _BOUND:
            bound.add(name)
        elif flags & _DECLARED:  # by a global statement, or a := in a comprehension
            declared.add(name)
    idle = set()  # declared global in a function that does not assign them
    order, pending = [], [(module, None)]
    while pending:
        table, parent = entry = pending.pop()
        order.append(entry)
        names = set()
        # A comprehension in a class body does not see the class's own names, but
        # what it uses under such a name is not in the table.
        hides = table.type == _CLASS
        for name, flags in table.symbols.items():
            if hides or flags & _TARGET or flags >> _OFFSET & _MASK in _GLOBAL:
                names.add(name)
                if flags & _DECLARED and table is not module:
                    (bound if flags & _BOUND else idle).add(name)
        used.append(names)
        for child in table.children:
            if child.type in _VISITED:
                pending.append((child, table))
    bound |= declared - idle
    siblings = {name for name in set().union(*used) if _may_be_sibling(name)} - bound - _BUILTINS
    tables = set()
    for (table, parent), names in zip(reversed(order), reversed(used)):  # children before parents
        if table.id in tables or not siblings.isdisjoint(names):
            tables.add(table.id)
            if parent is not None:
                tables.add(parent.id)
    return bound, siblings, tables


def _may_be_sibling(name):
    return name.isidentifier() and not (name.startswith("__") and name.endswith("__"))


class _Scope:
    """A scope as the walk meets it: a table, or an inlined comprehension.

    children maps (type, name, line) to the tables of that key, the next one
    last. A comprehension's children are those of the table around it.
    """

    __slots__ = ("children", "is_class", "parent", "private", "symbols", "table", "targets")

    def __init__(self, parent, private, table=None, targets=()):
        self.parent = parent
        self.private = private  # the class whose name mangles, or None
        self.targets = targets
        self.table = table
        if table is None:
            self.is_class = False
            self.symbols = {}
            self.children = parent.children
            return
        self.is_class = table.type == _CLASS
        self.symbols = table.symbols
        self.children = {}
        for child in reversed(table.children):
            self.children.setdefault((child.type, child.name, child.lineno), []).append(child)

    def take(self, kind, name, line):
        """Returns the next table for a definition in this scope."""
        try:
            return self.children[kind, name, line].pop()
        except (KeyError, IndexError):
            raise RuntimeError(f"no symbol table for {name} on line {line}") from None

    def check(self):
        """Raises when a definition's table was not taken: the walk then is
        not the compiler's, and what it took may be another's."""
        for (kind, name, line), left in self.children.items():
            if left and kind != _PARAMETERS and kind in _VISITED:
                raise RuntimeError(f"the symbol table for {name} on line {line} is left over")

    def is_global(self, name):
        """Tells whether the mangled name, used here, is the module's."""
        scope = self
        while scope is not None:
            if name in scope.targets:
                return False
            flags = scope.symbols.get(name, _TARGET)
            if not flags & _TARGET:
                return scope.parent is None or flags >> _OFFSET & _MASK in _GLOBAL
            scope = scope.parent
            while scope is not None and scope.is_class:
                scope = scope.parent
        return True

    def mangle(self, name):
        """Returns the name as Python mangles it here."""
        if self.private is None or not name.startswith("__") or name.endswith("__"):
            return name
        stripped = self.private.lstrip("_")
        return f"_{stripped}{name}" if stripped else name


# --- the walk ---------------------------------------------------------------


def _fields(**by_name):
    return {getattr(_ast, name): fields.split() for name, fields in by_name.items()}


# What the walk visits of each node, the last field first: the stack turns it
# round into the order in which the compiler makes its tables. Nodes that are
# not here hold no call: patterns, imports, type aliases and the like.
_CHILDREN = _fields(
    Module="body",
    Name="", Constant="", Pass="", Break="", Continue="", Import="", ImportFrom="", Global="", Nonlocal="",
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
