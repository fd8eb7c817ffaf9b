def clean(x):
    return ["sibling", x]
