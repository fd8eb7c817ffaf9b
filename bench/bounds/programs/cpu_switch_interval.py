# threads that never give up the GIL, because its interval is a year
def case(input):
    import sys, threading
    sys.setswitchinterval(3e7)
    def spin():
        while True: pass
    for i in range(3): threading.Thread(target=spin, daemon=True).start()
    while True: pass
