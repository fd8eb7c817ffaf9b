# connects to the embedded PostgreSQL
def case(input):
    import glob, socket, struct
    r = []
    for p in glob.glob(input['data'] + '/postgres/socket/.s.PGSQL.*') + [input['data'] + '/postgres/socket/.s.PGSQL.5432']:
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(.3)
        try:
            s.connect(p)
            m = b'\0\3\0\0user\0postgres\0database\0maestro\0\0'
            s.sendall(struct.pack('>i', len(m) + 4) + m)
            if s.recv(1) == b'R' and struct.unpack('>ii', s.recv(8))[1] == 0: r.append(p)
        except OSError: pass
    return r
