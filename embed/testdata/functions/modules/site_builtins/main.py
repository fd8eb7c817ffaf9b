import builtins
import contextlib
import io


def main(input):
    if input:
        return eval(input)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        help(main)
        copyright()
        credits()
        license()
    return ["Help on function main in module functions.main" in out.getvalue(), "Python Software Foundation" in out.getvalue(), [hasattr(builtins, n) for n in ("exit", "quit", "help", "copyright", "credits", "license")], repr(exit)]
