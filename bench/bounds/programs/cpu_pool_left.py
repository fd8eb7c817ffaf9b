# a process pool whose tasks spin after the function has returned
def case(input):
    import concurrent.futures, math
    p = concurrent.futures.ProcessPoolExecutor(2)
    global kept
    kept = [p, [p.submit(math.factorial, 30_000_000) for i in range(4)]]
    return 1
