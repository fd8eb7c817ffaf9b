# os.abort
def case(input):
    import os
    os.abort()
