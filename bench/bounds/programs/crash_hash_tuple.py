# hash() of a tuple nested a million deep (fixed in 3.14.10, gh-154318)
def case(input):
    x = ()
    for i in range(10**6): x = (x,)
    return hash(x)
