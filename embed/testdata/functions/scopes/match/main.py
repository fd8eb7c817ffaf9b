def main(input):
    def local(value):
        match value:
            case {"f": clean, **rest}:
                return clean(-1)
            case [clean, *double]:
                return [clean(-2), double]
            case str() as third:
                return third.upper()

    return [local({"f": abs}), local([abs, 1]), local("x"), clean(3), double(4), third(5)]
