# ties the process to one processor
def case(input):
    import os
    os.sched_setaffinity(0, {0})
    return len(os.sched_getaffinity(0))
