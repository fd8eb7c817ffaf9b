# sys.exit
def case(input):
    import sys
    sys.exit(3)
