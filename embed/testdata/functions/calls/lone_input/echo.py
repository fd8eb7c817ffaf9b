def echo(input):
    return input
