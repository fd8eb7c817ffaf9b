# a coroutine that never yields
async def case(input):
    while True: pass
