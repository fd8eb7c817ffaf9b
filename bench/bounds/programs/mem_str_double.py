# a text that doubles without end
def case(input):
    x = 'x'
    while True: x = x + x
