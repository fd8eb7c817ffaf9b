async def main(input):
    return await middle(input)
