# ten thousand threads of the _thread module
def case(input):
    import _thread, time
    n = 0
    try:
        for i in range(10_000): _thread.start_new_thread(time.sleep, (30,)); n += 1
    except RuntimeError as x:
        return [n, str(x)]
    return n
