def third(x):
    return "sibling"
