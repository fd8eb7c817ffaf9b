# replaces the process by another program
def case(input):
    import os
    os.execv('/bin/true', ['true'])
