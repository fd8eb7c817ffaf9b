# a database in memory that grows without end
def case(input):
    import sqlite3
    c = sqlite3.connect(':memory:')
    c.execute('create table t (x)')
    c.execute('with recursive n(i) as (select 1 union all select i + 1 from n) insert into t select zeroblob(100000) from n')
