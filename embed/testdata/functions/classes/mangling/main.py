# In a class Python reads __helper as _Greeter__helper: so the sibling is that one.
class Greeter:
    attribute = __helper(0)

    def greet(self):
        return [__helper(1), [__helper(n) for n in (2, 3)], (lambda: __helper(4))(), list(map(__helper, [5]))]

    class _Inner:
        def greet(self):
            try:
                return __helper(6)
            except NameError as error:
                return [str(error), error.name]


def main(input):
    return [Greeter.attribute, Greeter().greet(), Greeter._Inner().greet(), __helper(7), double(8)]


class _:
    value = double(9)

    def not_mangled(self):
        return __helper(10)


plain = _().not_mangled
