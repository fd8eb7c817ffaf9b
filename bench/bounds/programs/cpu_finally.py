# a loop in a finally block
def case(input):
    try:
        while True: pass
    finally:
        while True: pass
