class Point:
    __match_args__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y


def main(input):
    match Point(1, double(2)):
        case Point(1, y) if double(y):
            found = y
    try:
        match found:
            case double(x=1):
                found = "not reached"
    except TypeError as error:
        return [found, str(error)]
