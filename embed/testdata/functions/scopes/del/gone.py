def gone(x):
    return "sibling"
