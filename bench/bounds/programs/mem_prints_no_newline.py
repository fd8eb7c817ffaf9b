# prints without end and without a line feed
def case(input):
    import sys
    s = 'x' * 100000
    while True: sys.stdout.write(s)
