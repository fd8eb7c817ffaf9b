# Defaults are evaluated once, when the module's code runs: in the first call.
def with_default(x=double(1), *, y=[double(2)]):
    y.append(x)
    return list(y)


def main(input, extra=double(3)):
    return [with_default(), with_default(double(4)), extra]
