# a list of small lists that grows without end
def case(input):
    x = []
    while True: x.append([None] * 10)
