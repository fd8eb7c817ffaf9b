def eighth(x):
    return "sibling"
