def fresh(_):
    return "fresh"
