# A global that some function assigns is the module's, also before that happens.
def bind():
    global clean
    clean = lambda x: "global"


def declared_only(x):
    global double
    return double(x)


def main(input):
    results = [declared_only(4)]
    try:
        results.append(clean(1))
    except NameError as error:
        results.append(str(error))
    bind()
    results.append(clean(2))
    return results
