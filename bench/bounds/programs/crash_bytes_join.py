# bytearray.join() of items that change the list (fixed in 3.14.7, gh-151295)
def case(input):
    class Item:
        def __init__(self, list): self.list = list
        def __buffer__(self, flags):
            self.list.clear()
            return memoryview(b'x' * 8)
    for i in range(1000):
        x = []
        x += [Item(x)] + [bytearray(b'y' * 100) for j in range(20)]
        try: bytearray(b',').join(x)
        except (RuntimeError, IndexError): pass
    return 1
