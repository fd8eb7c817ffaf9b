# a schema that follows each level of a nested input twice
def case(input):
    return 1
