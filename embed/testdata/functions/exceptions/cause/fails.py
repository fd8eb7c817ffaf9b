def fails(input):
    return {}["missing"]
