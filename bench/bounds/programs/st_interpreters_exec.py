# runs code in the other interpreters
def case(input):
    import _interpreters as i
    me = i.get_current()[0]
    r = []
    for x in i.list_all():
        if x[0] in (me, 0): continue
        try: r.append([x[0], str(i.exec(x[0], 'import builtins; builtins.PLANTED_BY_A = 1'))])
        except BaseException as e: r.append([x[0], repr(e)[:100]])
    return r
