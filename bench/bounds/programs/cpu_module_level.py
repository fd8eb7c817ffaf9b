# a loop in module-level code
while True: pass
def case(input):
    return 1
