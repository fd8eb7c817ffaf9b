# A class body looks into its own namespace first, regardless of its origin.
class Meta(type):
    def __prepare__(name, bases):
        return {"clean": lambda x: ["prepared", x]}


class Prepared(metaclass=Meta):
    a = clean(1)
    b = [clean(n) for n in (2,)]  # a comprehension does not see it


class Executed:
    exec("clean = lambda x: ['executed', x]")
    a = clean(3)


class Defined:
    before = clean(4)

    def clean(x):
        return ["defined", x]

    after = clean(5)

    def method(self):
        return clean(6)


def main(input):
    return [Prepared.a, Prepared.b, Executed.a, Defined.before, Defined.after, Defined().method(), clean(7)]
