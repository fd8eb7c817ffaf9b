# a pool's tasks that spin after the function has returned
from concurrent.futures import ThreadPoolExecutor
def spin():
    while True: pass

def case(input):
    pool = ThreadPoolExecutor(4)
    for i in range(8): pool.submit(spin)
    return 1
