# Steps in the order of evaluation: arguments before the call, left to right.
def main(input):
    return add({"a": add({"a": 1, "b": one()}), "b": add({"a": one(), "b": 10})}) + one()
