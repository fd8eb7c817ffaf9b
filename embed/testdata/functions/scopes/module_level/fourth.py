def fourth(x):
    return "sibling"
