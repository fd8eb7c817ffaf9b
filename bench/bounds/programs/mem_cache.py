# a cache that grows from call to call
import functools
@functools.cache
def page(i): return bytearray(1 << 20)

def case(input):
    for i in range(10**6): page(i)
