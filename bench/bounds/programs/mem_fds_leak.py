# opens files until it may open no more, and forgets them
def case(input):
    import os
    n = 0
    try:
        while True: os.open('/dev/null', 0); n += 1
    except OSError as x:
        return [n, str(x)]
