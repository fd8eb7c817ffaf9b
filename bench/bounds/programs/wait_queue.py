# a queue that stays empty
def case(input):
    import queue
    queue.Queue().get()
