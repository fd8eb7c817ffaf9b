# opens files until it may open no more, and keeps them
def case(input):
    import os
    k = []
    try:
        while True: k.append(os.open('/dev/null', 0))
    except OSError as x:
        n = len(k)
        import time; time.sleep(.8)
        return [n, str(x)]
