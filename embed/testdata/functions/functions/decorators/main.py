import functools


def twice(function):
    @functools.wraps(function)
    def wrapper(*args):
        return [function(*args), double(1)]

    return wrapper


def times(n):
    return lambda function: lambda *args: [n, function(*args)]


@twice
def plain(x):
    return double(x)


@times(double(2))
@twice
def stacked(x):
    return double(x)


@twice
def main(input):
    return [plain(3), stacked(4)]
