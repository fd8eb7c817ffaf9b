class Box[T: (int, str)](metaclass=choose()["metaclass"] and type):
    made = double(1)

    def put[U](self, value: U, also=double(2)) -> U:
        return [double(value), also]


def first[T](items: list[T], key=double(3)) -> T:
    return [double(items[0]), key]


type Pair[T] = tuple[T, double(6)]


def main(input):
    return [Box.made, Box().put(4), first([5]), str(Pair.__value__)]
