# awaits a future that is never set
import asyncio
async def case(input):
    await asyncio.get_running_loop().create_future()
