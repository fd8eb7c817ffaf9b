def double(x):
    return "sibling"
