def main(input):
    space = {}
    exec("answer = double(20)\ndef local(x): return double(x)", space)
    return [
        eval("double(1)"),
        eval("double")(2),
        eval("[double(x) for x in (3, 4)]"),
        eval(compile("double(5)", "given", "eval")),
        space["answer"],
        space["local"](6),
        eval("double(7)", {"double": lambda x: "shadowed"}),
        "double" in globals(),
        "double" in dir(),
        helper(),
    ]


# A name that appears only at run time wins as well.
def helper():
    globals()["late"] = lambda x: ["late, from globals", x]
    try:
        return late(1)
    finally:
        del globals()["late"]
