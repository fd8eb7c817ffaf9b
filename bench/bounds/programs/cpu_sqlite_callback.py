# a function of SQL that never returns, and a handler of progress that swallows every stop
def case(input):
    import sqlite3
    c = sqlite3.connect(':memory:')
    def spin(*args):
        while True:
            try:
                while True: pass
            except BaseException: pass
    c.set_progress_handler(spin, 1)
    c.create_function('spin', 0, spin)
    while True:
        try: c.execute('select spin()').fetchall()
        except BaseException: pass
