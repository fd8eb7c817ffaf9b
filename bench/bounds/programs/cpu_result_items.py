# a returned value whose members and length are never ready
def case(input):
    def spin(*args):
        while True:
            try:
                while True: pass
            except BaseException: pass
    class Members(dict):
        items = keys = values = __iter__ = __len__ = __getitem__ = __repr__ = spin
    class Items(list):
        __iter__ = __len__ = __getitem__ = __repr__ = spin
    class Number(float):
        __repr__ = __str__ = __float__ = spin
    class Text(str):
        __str__ = __repr__ = __len__ = spin
    return {'a': Members(a=1), 'b': Items([1]), 'c': Number(1.5), 'd': Text('x')}
