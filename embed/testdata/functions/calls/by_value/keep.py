kept = []


def keep(input):
    if input is not None:
        kept.append(input)
    return kept[-1]
