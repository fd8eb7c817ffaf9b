# sleeps in an event loop of its own
def case(input):
    import asyncio
    asyncio.run(asyncio.sleep(30))
