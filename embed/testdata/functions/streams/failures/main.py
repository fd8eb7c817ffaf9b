def main(input):
    try:
        yield object()
    except TypeError as error:
        yield str(error)
    try:
        yield from broken(1)
    except ValueError as error:
        yield f"caught {error}"
    yield from broken_item(1)
