def plain(words):
    yield from words
