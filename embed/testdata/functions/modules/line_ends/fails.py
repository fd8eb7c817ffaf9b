def fails(text):
    separators = " "
    raise ValueError(text)
