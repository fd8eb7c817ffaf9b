# a timer that starts the next one
import threading
def tick():
    for i in range(200_000): pass
    threading.Timer(0.001, tick).start()

def case(input):
    tick()
    return 1
