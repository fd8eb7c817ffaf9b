async def after(input):
    return "up"
