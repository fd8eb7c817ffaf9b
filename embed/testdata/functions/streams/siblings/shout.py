def shout(prompt):
    for word in tokens(prompt):
        yield word.upper()
    yield (yield from tokens(prompt))
