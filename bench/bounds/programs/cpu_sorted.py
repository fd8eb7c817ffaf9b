# a sort with a slow key
def case(input):
    return len(sorted(range(10**7), key=lambda i: sum(range(i % 1000))))
