# reads the standard input
def case(input):
    import sys
    return sys.stdin.read()
