def late(x):
    return "late, the sibling"
