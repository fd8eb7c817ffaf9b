"""What a name means where it stands: the compiler's own scopes (symtable), as
transform.py asks for them. It is run before that, in the same namespace.

Two things are not in the tables: list, set and dict comprehensions are inlined
into the scope around them, so their targets are read from the syntax tree; and
tables carry no column, so they are matched by kind, name and line, in the
compiler's order.
"""

import _symtable

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
