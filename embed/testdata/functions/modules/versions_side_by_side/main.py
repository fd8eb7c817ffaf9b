# What an old version has handed out goes on working beside the new one.
kept = []


def main(input):
    try:
        part(len(kept))
    except LookupError as error:
        kept.append(error.answer)
    return [f() for f in kept]
