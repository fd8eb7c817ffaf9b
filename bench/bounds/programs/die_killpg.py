# kills the process group
def case(input):
    import os
    os.killpg(os.getpgrp(), 9)
