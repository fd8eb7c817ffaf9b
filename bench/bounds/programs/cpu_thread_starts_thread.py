# a thread that ends as soon as it has started the next one
import threading
def chain():
    threading.Thread(target=chain, daemon=True).start()

def case(input):
    chain()
    return 1
