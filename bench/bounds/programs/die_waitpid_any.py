# collects any child of the process
def case(input):
    import os
    r = []
    try:
        for i in range(5): r.append(os.waitpid(-1, os.WNOHANG))
    except OSError as e: r.append(str(e))
    return r
