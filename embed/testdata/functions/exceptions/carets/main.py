# The carets of an undefined name are under the name alone, as in Python; those of
# other errors of a call are under the call.
import traceback


def carets(call):
    try:
        call()
    except Exception:
        lines = traceback.format_exc().splitlines()
        return [line.strip() for line in lines if set(line.strip()) <= set("~^") and line.strip()] + lines[-1:]


def main(input):
    return [
        carets(lambda: misspelt(1, input)),
        carets(lambda: misspelt),
        carets(lambda: [1, misspelt  (
            1)]),
        carets(lambda: "é" + misspelt("é")),
        carets(lambda: maybe(1)),
        carets(lambda: fails(1)),
        carets(lambda: fails_by_name(1)),
        carets(lambda: len(1, 2)),
    ]


if not main:
    def maybe(x):
        return x
