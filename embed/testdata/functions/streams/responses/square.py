def square(input):
    return input * input
