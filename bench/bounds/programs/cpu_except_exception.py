# a loop that catches Exception
def case(input):
    while True:
        try:
            while True: pass
        except Exception: continue
