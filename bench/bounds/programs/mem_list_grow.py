# a list of megabytes that grows without end
def case(input):
    x = []
    while True: x.append(bytearray(1 << 20))
