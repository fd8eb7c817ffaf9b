# a cursor without its row_factory (fixed in 3.14.8, gh-152817)
def case(input):
    import sqlite3
    c = sqlite3.connect(':memory:').cursor()
    del c.row_factory
    return c.execute('select 1').fetchall()
