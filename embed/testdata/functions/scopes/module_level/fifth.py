def fifth(x):
    return "sibling"
