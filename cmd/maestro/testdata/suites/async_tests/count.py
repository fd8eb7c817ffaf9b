def count(input: int):
    for n in range(input):
        print("item", n)
        yield n
