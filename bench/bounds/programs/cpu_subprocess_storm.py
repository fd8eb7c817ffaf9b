# child processes that asyncio starts as fast as it can
async def case(input):
    import asyncio
    async def one():
        while True:
            p = await asyncio.create_subprocess_exec('/bin/true')
            await p.wait()
    await asyncio.gather(*[one() for i in range(20)])
