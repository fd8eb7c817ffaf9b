def ninth(x):
    return "sibling"
