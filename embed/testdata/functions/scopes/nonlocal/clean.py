def clean(x):
    return "sibling"
