# sixty-four calls that sleep past their deadline
def case(input):
    import time
    time.sleep(30)
