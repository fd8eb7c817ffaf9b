clean = lambda x: "assigned"


def double(x):
    return "def"


class third:
    def __init__(self, x):
        self.x = "class"


(fourth := lambda x: "walrus")
fifth: object = lambda x: "annotated"
for sixth in [lambda x: "loop"]:
    pass
try:
    seventh = lambda x: "try"
finally:
    pass
with __import__("contextlib").nullcontext(lambda x: "with") as eighth:
    pass
match lambda x: "match":
    case ninth:
        pass


def main(input):
    return [clean(1), double(2), third(3).x, fourth(4), fifth(5), sixth(6), seventh(7), eighth(8), ninth(9)]
