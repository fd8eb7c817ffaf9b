# a query without end, in C without the GIL
def case(input):
    import sqlite3
    return sqlite3.connect(':memory:').execute(
        'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n').fetchone()
