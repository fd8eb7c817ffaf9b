# Bound somewhere at module level: the name is the module's, and while it is not
# bound it is nobody's. No sibling steps in.
if not globals():
    def clean(x):
        return "never defined"


def main(input):
    try:
        return clean(1)
    except NameError as error:
        first = str(error)
    values = []
    try:
        values.append(list(map(clean, [2])))
    except NameError as error:
        values.append(str(error))
    return [first, *values]
