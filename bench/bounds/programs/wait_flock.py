# a file lock that another descriptor holds
def case(input):
    import fcntl
    a, b = open('lock', 'w'), open('lock', 'w')
    fcntl.flock(a, fcntl.LOCK_EX)
    fcntl.flock(b, fcntl.LOCK_EX)
