def clean(x):
    return ["clean", x]
