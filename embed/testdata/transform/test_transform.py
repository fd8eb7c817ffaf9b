"""Tests of transform.py and its parts."""

import _ast
import linecache
import marshal
import traceback
import unittest
import warnings

import transform

ONLY_AST = 0x400

# Each source states the expectation itself: a call of yes…(…) must be rewritten, a
# call of no…(…) must not. F is the function that always exists.
SCOPES = {
    "a free name": "def f(x): return yes(x)",
    "at module level": "a = yes(1)",
    "no arguments, keywords, stars": "yes()\nyes(a=1)\nyes(*a)\nyes(1, *a, b=2)\nno(**a)\nno(yes(1), *a, b=2, **c)",
    "nested calls": "yes(yes2(yes3(1)), a=yes4())",
    "only plain calls": "m.no(1)\nno[0](1)\nno().x(1) if 0 else yes().y(1)\n(lambda: 1)()\nno = 1",
    "parenthesised name": "(yes)(1)",
    "called twice": "yes(1)(2)",
    "bound: assignment": "no = 1\ndef f(x): return no(x)",
    "bound: after use": "def f(x): return no(x)\nno = 1",
    "bound: unpacking": "(no, [no2, *no3]) = z\nno(1); no2(1); no3(1)",
    "bound: augmented": "def f(): no(1)\nno += 1",
    "bound: def": "def no(x): return no(x)",
    "bound: async def": "async def no(x): await no(x)",
    "bound: class": "class no: pass\nno(1)",
    "bound: import": "import no\nno(1)",
    "bound: dotted import": "import no.a.b\nno(1)\na_yes = yes(1)",
    "bound: import as": "import yes as no\nno(1)\nyes(1)",
    "bound: from import": "from m import no, yes as no2\nno(1); no2(1); yes(1)",
    "star import keeps rewriting": "from m import *\nyes(1)",
    "bound: for": "for no in z: pass\nno(1)",
    "bound: for, attribute target": "for a.yes in z: pass\nyes(1)",
    "bound: with": "with z as no: no(1)",
    "bound: except": "try: pass\nexcept E as no: no(1)\nno(1)",
    "bound: match capture": "match z:\n case [no, *no2] if no(1): no2(1)\n case {'a': no3, **no4}: no3(1); no4(1)\n case C(x=no5) as no6: no5(1); no6(1)",
    "bound: walrus": "if (no := 1): no(1)",
    "bound: walrus in a comprehension": "[no := i for i in z]\nno(1)\ndef f(): no(1)",
    "bound: del": "del no\nno(1)",
    "bound: bare annotation": "no: int\nno(1)",
    "bound: annotated assignment": "no: int = 1\nno(1)",
    "not bound: annotated attribute": "a.yes: int = 1\nyes(1)",
    "bound: type alias": "type no = int\nno(1)",
    "bound: in if, while, try, with": "if a:\n no = 1\nelse:\n no2 = 1\nwhile a:\n no3 = 1\ntry:\n no4 = 1\nfinally:\n no5 = 1\nwith a:\n no6 = 1\nno(1); no2(1); no3(1); no4(1); no5(1); no6(1)",
    "bound: global in a function": "def f():\n global no\n no = 1\ndef g(): no(1)",
    "bound: global in a method": "class A:\n def f(self):\n  global no\n  import no\nno(1)",
    "bound: global in a class": "class A:\n global no\n no = 1\nno(1)",
    "bound: global walrus in a function's comprehension": "def f():\n global no\n [no := i for i in z]\nno(1)",
    "declared global, never bound": "def f(x):\n global yes\n return yes(x)",
    "local": "def f():\n no = 1\n no(1)\ndef g(): yes(1)",
    "local, bound later": "def f():\n no(1)\n no = 1",
    "local elsewhere only": "def f():\n yes = 1\ndef g(): yes(1)",
    "parameter": "def f(no, /, no2, *no3, no4, **no5): no(1); no2(1); no3(1); no4(1); no5(1)",
    "parameter of a lambda": "lambda no: no(1)\nlambda x: yes(x)",
    "local import": "def f():\n import no\n no(1)\ndef g(): yes(1)",
    "local for, with, except, match, del, walrus": "def f():\n for no in z: no(1)\n with z as no2: no2(1)\n try: pass\n except E as no3: no3(1)\n match z:\n  case no4: no4(1)\n del no5\n no5(1)\n (no6 := 1)\n no6(1)",
    "local def and class": "def f():\n def no(x): return no(x)\n class no2: pass\n return no(1), no2(1)",
    "closure": "def f():\n no = 1\n def g(): return no(1)\n return g",
    "closure through a lambda": "def f(no): return lambda: no(1)",
    "closure through a class": "def f(no):\n class A:\n  x = no(1)\n  def m(self): return no(1)",
    "nonlocal": "def f():\n no = 1\n def g():\n  nonlocal no\n  no(1)",
    "global past a local": "def f():\n yes = 1\n def g():\n  global yes\n  yes(1)",
    "default argument": "def f(a=yes(1), *, b=yes(2)): pass\nlambda a=yes(3): a",
    "default sees the scope around it": "def f(no):\n def g(yes=no(1)): return no(2)\n return lambda no2=no(3): no2(4)",
    "decorators": "@yes(1)\ndef f(): pass\n@yes(2)\nclass A: pass",
    "comprehensions": "[yes(i) for i in yes(1) if yes(i)]\n{yes(i) for i in yes(1) if yes(i)}\n{yes(i): yes(i) for i in yes(1)}\n(yes(i) for i in yes(1) if yes(i))",
    "comprehension target": "[no(1) for no in z]\n(no(1) for no in z)\n{no(1): no(2) for no in z}",
    "comprehension target does not bind outside": "a = [x for yes in z]\nyes(1)",
    "comprehension target and use outside": "def f(z):\n yes(1)\n [no(1) for no in z]\n return yes(2)",
    "target of one comprehension, free in the next": "def f(z):\n a = [x for yes in z]\n return [yes(x) for x in z]",
    "target of one comprehension, free in an earlier one": "def f(z):\n a = [yes(x) for x in z]\n return [x for yes in z]",
    "the first iterable is outside": "def f(z):\n return [1 for yes in yes(z)]",
    "later iterables are inside": "[1 for no in z for x in no(1)]",
    "unpacked targets": "[no(1) + no2(1) + no3(1) for (no, [no2, *no3]) in z]",
    "attribute and item targets": "[yes(1) for a.yes in z]\n[1 for a[yes(1)] in z]",
    "nested comprehensions": "[[no(j) for j in no(1)] for no in z]\n[[yes(j) for no in z] for j in z]",
    "lambda in a comprehension": "[lambda: no(1) for no in z]\n[lambda no: no(1) for yes in z]\n[lambda: yes(1) for i in z]",
    "generator in a comprehension": "[(no(1) for i in z) for no in z]\n(([x for yes in z], [yes(1) for x in z]) for r in z)",
    "comprehension in a generator that binds": "([no(1) for x in z] for no in z)",
    "comprehension and a local of the function": "def f():\n no = 1\n return [no(x) for x in z]",
    "comprehension and a local further out": "def f():\n no = 1\n def g(): return [no(x) for x in z]",
    "comprehension inside a class inside a function": "def f(no):\n class A:\n  a = [no(x) for x in z]\n  b = [yes(x) for x in z]",
    "async comprehension": "async def f(): return [await yes(i) async for i in yes2(1) if await yes3(i)]",
    "await, yield": "async def f(): await yes(1)\ndef g():\n yield yes(1)\n yield from yes(2)",
    "f-string": "f'{yes(1)!r:>{yes(2)}} {yes(3)=}'",
    "t-string": "t'{yes(1):{yes(2)}}'",
    "lambda": "lambda: yes(1)",
    "class body: stays": "class A:\n x = no(1)\n @no(2)\n def f(self, a=no(3)): return yes(4)",
    "class body, name bound in the class": "class A:\n no = 1\n x = no(1)\n def f(self): return yes(1)\n".replace("yes", "yes2"),
    "class body: comprehension skips the class": "class A:\n yes = 1\n a = [yes(x) for x in no(1)]",
    "class body: lambda": "class A:\n yes = 1\n a = lambda self: yes(1)",
    "class header": "class A(yes(1), metaclass=yes(2)): pass",
    "nested class header: stays": "class A:\n class B(no(1)): pass",
    "class in a function": "def f():\n class A(yes(1)):\n  def m(self): return yes(2)",
    "method names are not in scope": "class A:\n def yes(self): return yes(1)",
    "generic function": "def f[T: no(1), *U = no(2)](a: T = yes(3)) -> no(4): return yes(5)",
    "generic function: type parameter": "def f[no](): return no(1), yes(2)",
    "generic class": "@yes(0)\nclass A[T: no(1)](no(2), metaclass=no(3)):\n x = no(4)\n def m[U](self): return yes(5)",
    "generic class: type parameter": "class A[no]:\n def m(self): return no(1)\n a = [no(1) for i in z]",
    "type alias": "type X[T: no(1)] = no(2)",
    "annotations": "def f(a: no(1), *b: no(2), **c: no(3)) -> no(4):\n d: no(5) = yes(6)\ne: no(7) = yes(8)\nclass A:\n f: no(9)",
    "annotations of the future": "from __future__ import annotations\ndef f(a: no(1)) -> no(2):\n d: no(3) = yes(4)\ne: [lambda: no(5)] = yes(6)",
    "lambda in an annotation, lambda beside it": "def f(a: (lambda: no(1)) = lambda: yes(2)) -> (lambda no: no(3)):\n x: (lambda no: 1) = lambda: yes(4)",
    "target of an annotation": "a[yes(1)]: no(2) = yes(3)",
    "class pattern": "match yes(1):\n case no(a=1): yes(2)",
    "guards": "match z:\n case _ if yes(1): pass",
    "statements": "def f():\n assert yes(1), yes(2)\n raise yes(3) from yes(4)\n return yes(5)\ndel a[yes(6)]\nwith yes(7) as a[yes(8)]: pass\nfor a[yes(9)] in yes(10): pass\nelse: yes(11)\na[yes(12)] += yes(13)",
    "try": "try: yes(1)\nexcept yes(2): yes(3)\nelse: yes(4)\nfinally: yes(5)\ntry: yes(6)\nexcept* yes(7): yes(8)",
    "expressions": "yes(1) if yes(2) else yes(3)\n{yes(4): yes(5), **yes(6)}\n[*yes(7)]\na[yes(8):yes(9):yes(10)]\n-yes(11) < yes(12) < yes(13)\nyes(14) and yes(15)\n(w := yes(16))\nprint(yes(17), *yes(18), k=yes(19), **yes(20))",
    "dunders and builtins": "print(1); len(1); __import__('a'); __no__(1)\ndef f(): print(__name__)",
    "super and __class__": "class A(B):\n def m(self): super().m(); __class__(1)",
    "same line": "a = [lambda no: no(1), lambda x: yes(1)], [(no(1) for no in z), (yes(1) for x in z)]",
    "same line: dict comprehension": "{(lambda yes: 1): (lambda no: no(1)) for x in z}\n{(lambda no: no(1)): (lambda yes: 1) for x in z}",
    "same line: default and body": "f = lambda a=lambda no: no(1): lambda x: yes(1)",
    "same line: a def named like a comprehension": "def genexpr(a=(no(1) for no in z)): return yes(1)\ndef listcomp(a=[no(1) for no in z]): return yes(1)",
    "same line: two defs": "def f(no): no(1)\ndef f(x): yes(1)\nif 1: f = lambda no: no(1); g = lambda: yes(1)",
    "conditional expression order": "(lambda no: no(1)) if (lambda x: yes(1)) else (lambda no2: no2(1))",
}


def free_calls(source):
    """Returns the names of the rewritten plain calls, and of those left."""
    tree = compile(source, "x", "exec", ONLY_AST)
    table = transform._symtable.symtable(source, "x", "exec")
    bound, siblings, tables = transform.survey(table)
    count = transform.rewrite(tree, table, siblings, tables)
    compile(tree, "x", "exec")
    rewritten, left = [], []
    pending = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, _ast.AST):
            if isinstance(node, _ast.Call) and isinstance(node.func, _ast.Name):
                if node.func.id in (transform.CALL, transform.CALL_IN_CLASS):
                    rewritten.append(node.args[0].value)
                else:
                    left.append(node.func.id)
            pending += [getattr(node, field, None) for field in node._fields]
        elif isinstance(node, list):
            pending += node
    assert count == len(rewritten)
    return rewritten, left


class Scopes(unittest.TestCase):
    def test_table(self):
        for title, source in SCOPES.items():
            with self.subTest(title), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                rewritten, left = free_calls(source)
                self.assertEqual([name for name in rewritten if not name.startswith("yes")], [], source)
                self.assertEqual([name for name in left if name.startswith("yes")], [], source)

    def test_mangling(self):
        cases = {
            "class A:\n def m(self): return __x(1)": ["_A__x"],
            "class _A:\n def m(self): return __x(1)": ["_A__x"],
            "class __:\n def m(self): return __x(1)": ["__x"],
            "class A:\n def m(self): return __x__(1), _x(1)": ["_x"],
            "class A:\n class B:\n  def m(self): return __x(1)\n def n(self): return lambda: __x(1)": ["_B__x", "_A__x"],
            "class A:\n a = [__x(i) for i in z]": ["_A__x"],
            "class A[T]:\n def m[U](self): return __x(1)": ["_A__x"],
            "def f():\n class A: pass\n return __x(1)": ["__x"],
            "_A__x = 1\nclass A:\n def m(self): return __x(1)": [],
            "class A:\n def m(self, __x): return __x(1)": [],
            "@__y(1)\nclass A(__x(1)): pass": ["__x", "__y"],
        }
        for source, names in cases.items():
            with self.subTest(source):
                self.assertEqual(sorted(free_calls(source)[0]), sorted(names))

    def test_callee(self):
        for source, callee in {"yes(1)": "__maestro_call", "class A:\n def m(self): yes(1)": "__maestro_call__"}.items():
            code = transform._compile_function("f", source + "\ndef f(x): pass", "x", [])[0]
            names = set(code.co_names)
            for constant in code.co_consts:
                for inner in getattr(constant, "co_consts", ()):
                    names.update(getattr(inner, "co_names", ()))
            self.assertIn(callee, names)

    def test_bound(self):
        source = "import a.b\nfrom c import *\ndef f(x):\n global g, h\n g = 1\nlen = 1\n[i for i in z]\nx: int\n[w := i for i in z]"
        self.assertEqual(transform.compile_function("f", 1, source)["bound"], ["a", "f", "g", "w", "x"])

    def test_every_node_type_is_known(self):
        visited = {*transform._CHILDREN, *transform._FUNCTIONS, *transform._COMPREHENSIONS, _ast.Lambda, _ast.ClassDef}
        unvisited = {"FunctionType", "Expression", "Interactive", "alias", "arg", "arguments", "comprehension"}
        for name, kind in vars(_ast).items():
            if isinstance(kind, type) and issubclass(kind, _ast.AST) and not kind.__subclasses__():
                group = {base.__name__ for base in kind.__mro__}
                if group & {"operator", "unaryop", "boolop", "cmpop", "expr_context", "pattern", "type_ignore", "type_param"}:
                    continue
                self.assertTrue(kind in visited or name in unvisited, name)
                if kind in transform._CHILDREN:
                    left = set(kind._fields) - set(transform._CHILDREN[kind])
                    self.assertLessEqual(left, LEFT_OUT.get(name, set()), name)


# The fields that the walk leaves out, because they hold no expression or a
# lazy one.
LEFT_OUT = {
    "Module": {"type_ignores"},
    "Name": {"id", "ctx"},
    "Constant": {"value", "kind"},
    "Import": {"names"},
    "ImportFrom": {"module", "names", "level"},
    "Global": {"names"},
    "Nonlocal": {"names"},
    "TypeAlias": {"name", "type_params", "value"},
    "AugAssign": {"op"},
    "AnnAssign": {"annotation", "simple"},
    "Assign": {"type_comment"},
    "For": {"type_comment"},
    "AsyncFor": {"type_comment"},
    "With": {"type_comment"},
    "AsyncWith": {"type_comment"},
    "match_case": {"pattern"},
    "ExceptHandler": {"name"},
    "BoolOp": {"op"},
    "NamedExpr": {"target"},
    "BinOp": {"op"},
    "UnaryOp": {"op"},
    "Compare": {"ops"},
    "FormattedValue": {"conversion"},
    "Interpolation": {"str", "conversion"},
    "Attribute": {"attr", "ctx"},
    "Subscript": {"ctx"},
    "Starred": {"ctx"},
    "List": {"ctx"},
    "Tuple": {"ctx"},
    "keyword": {"arg"},
}


class Errors(unittest.TestCase):
    def refused(self, source, name="f"):
        with self.assertRaises(transform.TransformError) as caught:
            transform.compile_function(name, 1, source)
        error = caught.exception
        return error.kind, error.line, error.column, error.message

    def test_syntax_errors(self):
        cases = {
            "def f(x:\n  pass": (1, 6, "'(' was never closed"),
            "def f(x):\n  x = 'é' +": (2, 12, "invalid syntax"),
            "def f(x):\nreturn": (2, 1, "expected an indented block after function definition on line 1"),
            "def f(x):\n\tif x:\n        x": (3, 1, "inconsistent use of tabs and spaces in indentation"),
            "def f(x): pass\n'é'; return": (2, 6, "'return' outside function"),  # found after parsing: bytes
            "def f(x):\r 'é'; y = 1; global y": (2, 14, "name 'y' is assigned to before global declaration"),
            "def f(x): pass\nbreak": (2, 1, "'break' outside loop"),
            "def f(x): pass\n'a\0b'": (2, 3, "source code cannot contain null bytes"),
            "def f(x): pass\n'é\ud800'": (2, 3, "half of a surrogate pair is no character"),
            "def f(x): pass\nx = " + "9" * 5000: (2, 1, None),
            "def f(x): pass\nx = " + "(" * 300: (2, 205, "too many nested parentheses"),
            "def f(x): pass\nx = " + "-" * 10000 + "1": (0, 0, "the source is nested too deeply to be compiled"),
            "def f(x): pass\nx = a" + "+a" * 200000: (0, 0, "the source is nested too deeply to be compiled"),
            "def f(x): pass\nx = " + "[" * 25 + "a" + " for a in b]" * 25: (2, 23, "too many statically nested blocks"),
        }
        for source, (line, column, message) in cases.items():
            with self.subTest(source[:60]):
                kind, *where, text = self.refused(source)
                self.assertEqual((kind, *where), ("syntax_error", line, column), text)
                if message:
                    self.assertEqual(text, message)

    def test_deep_but_possible(self):
        """Code that Python compiles must pass, at any depth."""
        for source in (
            "x = a" + "+g(a)" * 5000,
            "x = a" + ".b" * 20000,
            "if a: g()\n" + "elif a: g()\n" * 2000,
            "x = " + "[" * 18 + "a" + " for a in b]" * 18,
        ):
            transform.compile_function("f", 1, source + "\ndef f(x): pass")

    def test_no_such_def(self):
        advice = "write def f(input): … at the top level"
        cases = {
            "": (0, f'there is no "def f"; {advice}'),
            "def g(x): pass\nasync def h(x): pass": (
                0,
                'there is no "def f" at the top level, only g, h; rename one of them, or the function',
            ),
            "class f: pass": (1, '"f" is a class; a function is needed: def f(input): …'),
            "def f(x): pass\nclass f: pass": (2, '"f" is a class; a function is needed: def f(input): …'),
            "\nf = lambda x: x": (2, f'"f" is assigned, not defined with def; {advice}'),
            "f: object = len": (1, f'"f" is assigned, not defined with def; {advice}'),
            "from m import f": (1, f'"f" is imported, not defined with def; {advice}'),
            "import f.g": (1, f'"f" is imported, not defined with def; {advice}'),
            "if 1:\n  def f(x): pass": (
                2,
                '"def f" on line 2 stands inside the if on line 1; move it to the top level',
            ),
            "try:\n  pass\nexcept E:\n  async def f(x): pass": (
                4,
                '"def f" on line 4 stands inside the try on line 1; move it to the top level',
            ),
            "class A:\n  def f(self): pass": (
                2,
                '"def f" on line 2 stands inside class A on line 1; move it to the top level',
            ),
            "def g(x):\n  if x:\n    def f(x): pass": (
                3,
                '"def f" on line 3 stands inside def g on line 1; move it to the top level',
            ),
            "def f(): pass": (1, '"def f" takes no positional parameter; it needs one, the input: def f(input): …'),
            "def f(*input): pass": (1, '"def f" takes no positional parameter; it needs one, the input: def f(input): …'),
            "def f(a=1): pass": (
                1,
                '"def f" requires no parameter; its first one is the input: take the default away from "a"',
            ),
            "async def f(a, /, b, c=1): pass": (
                1,
                '"async def f" requires 2 positional parameters (a, b); '
                "exactly one is given, the input: take the others from it, or give them defaults",
            ),
            "def f(a, *, b, c=1): pass": (
                1,
                '"def f" requires the keyword-only parameter "b"; only the input is given: give it a default',
            ),
        }
        for source, (line, message) in cases.items():
            with self.subTest(source):
                self.assertEqual(self.refused(source), ("no_such_def", line, 1 if line else 0, message))

    def test_accepted_definitions(self):
        for source, is_async in {
            "def f(input): pass": False,
            "async def f(input): pass": True,
            "def f(input, /): pass": False,
            "def f(input, b=1, *args, c=2, **kwargs): pass": False,
            "def f(): pass\ndef f(input): pass": False,
            "def f(input): pass\nf = g(f)": False,
            "if 1:\n  def f(): pass\nelse:\n  def f(a, b): pass\nasync def f(input): pass": True,
            "@g\nasync def f[T](input: T) -> T: pass": True,
            "\ufeffdef f(input): pass": False,
            "# -*- coding: latin-1 -*-\ndef f(input): 'é'": False,
        }.items():
            with self.subTest(source):
                self.assertIs(transform.compile_function("f", 1, source)["async"], is_async)

    def test_warnings(self):
        """They are the author's, told once, and change nothing around."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("error")
            source = "def f(x):\n  return g(x is 1)\n'\\d'\n"
            result = transform.compile_function("f", 1, source)
        self.assertEqual([warning["line"] for warning in result["warnings"]], [3, 2])
        self.assertIn("invalid escape sequence", result["warnings"][0]["message"])
        self.assertEqual(caught, [])


class Code(unittest.TestCase):
    def run_code(self, source, name="f", call=None, **names):
        result = transform.compile_function(name, 3, source)
        code = marshal.loads(result["code"])
        filename = transform.source_filename(name, 3)
        self.assertEqual(code.co_filename, filename)
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
        namespace = {"__name__": name, "__maestro_call": call, "__maestro_call__": call, **names}
        exec(code, namespace)
        return namespace[name]

    def test_calls(self):
        seen = []

        def call(name, /, *args, **kwargs):
            seen.append((name, args, kwargs))
            return len(seen)

        f = self.run_code("def f(x):\n return g(x, *[1], name=h())", call=call)
        self.assertEqual(f(7), 2)
        self.assertEqual(seen, [("h", (), {}), ("g", (7, 1), {"name": 1})])

    def test_untouched_without_siblings(self):
        source = "def f(x):\n return len(str(x))"
        code = marshal.loads(transform.compile_function("f", 1, source)["code"])
        self.assertEqual(code, compile(source, "<f v1>", "exec"))

    def test_our_name_in_the_source(self):
        """An author who writes our own name keeps it."""
        f = self.run_code("def f(x):\n __maestro_call = 1\n return g(x)", call=None, g=lambda x: x + 1)
        self.assertEqual(f(1), 2)

    def test_optimisation_and_futures(self):
        f = self.run_code(
            "from __future__ import annotations\ndef f(x: unknown):\n 'doc'\n assert g(x)\n", call=lambda *a: 0
        )
        self.assertEqual((f.__doc__, f.__annotations__), ("doc", {"x": "unknown"}))
        self.assertRaises(AssertionError, f, 1)

    def test_traceback(self):
        """Lines and carets are those of the author's text."""

        def call(name, /, *args):
            raise LookupError("x")

        source = "def f(x):\n    é = 1\n    return 1 + clean(\n        x) + 2\n"
        f = self.run_code(source, call=call)
        try:
            f(1)
        except LookupError as error:
            text = "".join(traceback.format_exception(error))
        self.assertIn(
            '  File "<f v3>", line 3, in f\n'
            "    return 1 + clean(\n"
            "               ~~~~~^\n"
            "        x) + 2\n"
            "        ^^\n",
            text,
        )

    def test_dataclass_and_enum_bodies(self):
        """A class body sees its own namespace, regardless of its origin."""
        source = (
            "import enum\n"
            "class Meta(type):\n"
            "    def __prepare__(name, bases): return {'made': lambda: 7}\n"
            "class A(metaclass=Meta):\n"
            "    x = made()\n"
            "    exec('y = lambda: 8')\n"
            "    z = y()\n"
            "def f(input): return A.x, A.z\n"
        )
        self.assertEqual(self.run_code(source)(0), (7, 8))


if __name__ == "__main__":
    unittest.main()
