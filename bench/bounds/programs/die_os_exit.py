# os._exit
def case(input):
    import os
    os._exit(1)
