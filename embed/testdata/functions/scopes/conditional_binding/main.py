# A name that the module could bind and has not: it means the sibling, as it would
# mean a builtin of that name.
if not globals():
    def clean(x):
        return "never defined"


def main(input):
    results = [clean(1), list(map(clean, [2]))]
    globals()["clean"] = lambda x: "the module's own"
    results.append(clean(3))
    del globals()["clean"]
    results.append(clean(4))
    return results
