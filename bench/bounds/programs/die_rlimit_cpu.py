# limits the address space of the process to 1 MB
def case(input):
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (1 << 20, 1 << 20))
    return 1
