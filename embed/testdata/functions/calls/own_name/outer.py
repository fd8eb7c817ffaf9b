# Called by another function it is a step, but its own calls are not.
def outer(input):
    return [count(input), count(input)]
