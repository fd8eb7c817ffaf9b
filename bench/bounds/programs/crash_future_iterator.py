# send() to an iterator of an asyncio.Future after throw() (fixed in 3.14.9, gh-146065)
import asyncio
async def case(input):
    f = asyncio.get_running_loop().create_future()
    it = f.__await__()
    try: it.throw(ValueError)
    except ValueError: pass
    it.send(None)
    it2 = f.__await__()
    it2.close()
    it2.send(None)
