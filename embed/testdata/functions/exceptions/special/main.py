import sys


class Own(BaseException):
    def __str__(self):
        return "own text\nof two lines"


class NoText(Exception):
    def __str__(self):
        raise ValueError


def main(input):
    raiser(input)
    match input:
        case "Group":
            raise ExceptionGroup("several", [ValueError(1), LookupError(2)])
        case "Own":
            raise Own
        case "NoText":
            raise NoText
        case "AssertionError":
            assert input == 1, {"a": 1}
        case "exit":
            sys.exit(3)
