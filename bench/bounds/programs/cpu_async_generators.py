# generators that are never closed, and loop when they are
async def case(input):
    import asyncio
    global kept
    async def endless():
        try:
            while True:
                yield 1
                await asyncio.sleep(0)
        finally:
            while True:
                try:
                    while True: pass
                except BaseException: pass
    def plain():
        try: yield 1
        finally:
            while True:
                try:
                    while True: pass
                except BaseException: pass
    kept = [endless() for i in range(20)], [plain() for i in range(20)]
    for g in kept[0]: await anext(g)
    for g in kept[1]: next(g)
    return 1
