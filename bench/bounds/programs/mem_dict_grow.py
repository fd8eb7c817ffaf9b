# a dict that grows without end
def case(input):
    d = {}
    i = 0
    while True: d[i] = str(i); i += 1
