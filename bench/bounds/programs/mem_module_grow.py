# a list that grows in module-level code
X = []
while True: X.append(bytearray(1 << 20))
def case(input):
    return 1
