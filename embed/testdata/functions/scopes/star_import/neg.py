def neg(x):
    return "sibling"
