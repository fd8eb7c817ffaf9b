# a set that changes while it is marshalled (fixed in 3.14.9, gh-159185)
def case(input):
    import marshal
    class B:
        def __buffer__(self, flags):
            for i in range(1000): s.add(i)
            return memoryview(b'x')
    for i in range(100):
        s = {B()} | set(range(2000, 2010))
        try: marshal.dumps(s)
        except (RuntimeError, ValueError): pass
    return 1
