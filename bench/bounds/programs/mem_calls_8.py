# eight calls that each keep as much memory as they get
def case(input):
    x = []
    while True: x.append(bytearray(1 << 20))
