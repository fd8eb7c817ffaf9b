def fine(_):
    return "still fine"
