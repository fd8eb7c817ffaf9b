# a connection without its autocommit (fixed in 3.14.8, gh-156100)
def case(input):
    import sqlite3
    c = sqlite3.connect(':memory:')
    del c.autocommit
