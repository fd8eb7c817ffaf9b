def sixth(x):
    return "sibling"
