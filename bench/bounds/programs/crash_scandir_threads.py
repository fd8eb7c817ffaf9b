# a directory's iterator that several threads share (fixed in 3.14.9, gh-152754)
def case(input):
    import os, threading
    for i in range(200):
        it = os.scandir('/usr/bin')
        def walk():
            try:
                for x in it: pass
                it.close()
            except (OSError, ValueError): pass
        t = [threading.Thread(target=walk) for j in range(4)]
        for x in t: x.start()
        for x in t: x.join()
    return 1
