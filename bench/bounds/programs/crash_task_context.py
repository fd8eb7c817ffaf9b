# get_context() of a task that was not initialised (fixed in 3.14.8, gh-154871)
def case(input):
    import asyncio
    return str(asyncio.Task.__new__(asyncio.Task).get_context())
