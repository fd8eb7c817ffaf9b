def declared(x):
    return ["declared", x]
