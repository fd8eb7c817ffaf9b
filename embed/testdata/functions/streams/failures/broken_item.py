def broken_item(input):
    yield 1
    yield {1, object()}
