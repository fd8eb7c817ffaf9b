def spins(input):
    while True:
        pass
