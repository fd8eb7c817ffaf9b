# a loop whose steps each take a while
def case(input):
    while True: 3 ** 300000
