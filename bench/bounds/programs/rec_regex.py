# a regular expression nested 100,000 deep
def case(input):
    import re, sys
    sys.setrecursionlimit(10**9)
    return bool(re.match('(' * 10**5 + 'a' + ')' * 10**5, 'a'))
