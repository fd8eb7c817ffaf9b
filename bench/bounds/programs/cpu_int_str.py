# digits of a number with 1.4 million of them, which holds the GIL
def case(input):
    import sys
    sys.set_int_max_str_digits(0)
    return len(str(3 ** 3000000))
