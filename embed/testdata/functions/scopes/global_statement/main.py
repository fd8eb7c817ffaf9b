# A global that some function assigns is the module's once that has happened.
def bind():
    global clean
    clean = lambda x: "global"


def declared_only(x):
    global double
    return double(x)


def main(input):
    results = [declared_only(4)]
    results.append(clean(1))
    bind()
    results.append(clean(2))
    return results
