def apply(clean, x):
    return clean(x)


def keyword(*, clean=lambda x: "default"):
    return clean(1)


def star(*clean, **double):
    return [clean[0](2), double["x"](3)]


def main(input, clean=None):
    return [apply(str, 1), keyword(), keyword(clean=abs), star(abs, x=str), (lambda clean: clean(4))(abs), double(5)]
