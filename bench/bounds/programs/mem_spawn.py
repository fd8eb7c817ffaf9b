# runs enqueued without end
def case(input):
    import maestro
    n = 0
    while True: maestro.spawn('case', None, delay=3600); n += 1
