# kills the embedded PostgreSQL
def case(input):
    import os
    r = []
    for p in os.listdir('/proc'):
        if p.isdigit():
            try: s = open('/proc/%s/stat' % p).read().rsplit(')', 1)
            except OSError: continue
            if s[1].split()[1] == str(os.getpid()) and 'postgres' in s[0]:
                os.kill(int(p), 9); r.append(s[0])
    return r
