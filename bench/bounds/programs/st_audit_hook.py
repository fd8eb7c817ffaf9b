# puts its own audit hook in place
def case(input):
    import sys
    seen = []
    sys.addaudithook(lambda name, args: seen.append(name))
    import os
    try: os.listdir('/')
    except OSError: pass
    return 1
