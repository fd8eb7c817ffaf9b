async def fail(x):
    raise LookupError(x)
