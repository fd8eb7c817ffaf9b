# reads a key by the functions that the import system uses
def case(input):
    import _io, linecache, importlib.machinery
    r = []
    p = input['data'] + '/admin_token'
    for f in (lambda: _io.open_code(p).read().decode(), lambda: ''.join(linecache.getlines(p)),
              lambda: importlib.machinery.SourceFileLoader('x', p).get_data(p).decode(), lambda: _io.FileIO(p).read().decode()):
        try: r.append(f())
        except Exception: pass
    return [x for x in r if x]
