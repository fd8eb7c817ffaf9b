def seventh(x):
    return "sibling"
