# a loop that catches every exception, BaseException too
def case(input):
    while True:
        try:
            while True: pass
        except BaseException: continue
