async def awaited(words):
    return tokens(words)
