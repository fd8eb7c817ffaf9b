# sixteen loops at once
def case(input):
    while True: pass
