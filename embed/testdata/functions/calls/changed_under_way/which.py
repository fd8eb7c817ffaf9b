def which(input):
    return "first"
