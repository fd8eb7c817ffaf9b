# a comparison of two long equal lists, again and again in C
def case(input):
    a = [[i] for i in range(10**6)]
    b = [list(x) for x in a]
    return all(map(lambda i: a == b, range(10**6)))
