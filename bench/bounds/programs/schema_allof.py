# a schema with 2^26 paths through allOf
def case(input):
    return 1
