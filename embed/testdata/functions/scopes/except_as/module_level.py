def module_level(x):
    return "sibling"
