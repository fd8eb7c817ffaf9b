# has faulthandler end the process after a time
def case(input):
    import faulthandler
    faulthandler.dump_traceback_later(0.1, exit=True)
    import time; time.sleep(.5)
    return 1
