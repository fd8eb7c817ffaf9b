class Base:
    made = double(1)
    table = [double(n) for n in (2, 3)]
    late = staticmethod(lambda x: double(x))

    def __init_subclass__(cls, factor=1, **rest):
        cls.factor = double(factor)

    def __init__(self, x=double(4)):
        self.x = x

    @property
    def twice(self):
        return double(self.x)

    @classmethod
    def make(cls, x):
        return cls(double(x))

    def __len__(self):
        return double(self.x)

    class Inner:
        value = double(5)

        def get(self):
            return [double(n) for n in (self.value,)]


class Derived(Base, factor=double(6)):
    def twice(self):
        return super().twice + double(0)


class Named:
    def double(self):
        return ["not the method", double(7)]


def main(input):
    return [
        Base.made,
        Base.table,
        Base.late(8),
        Base().twice,
        len(Base.make(9)),
        Base.Inner().get(),
        Derived.factor,
        Derived(10).twice(),
        Named().double(),
    ]
