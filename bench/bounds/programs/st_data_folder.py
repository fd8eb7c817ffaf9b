# reads every file of the data folder
def case(input):
    import os
    r = {}
    for d, ds, fs in os.walk(input['data']):
        if 'python' in d or 'postgres' in d: ds[:] = []; continue
        for f in fs:
            p = os.path.join(d, f)
            try: n = len(open(p, 'rb').read())
            except OSError as e: n = str(e)
            r[p[len(input['data']):]] = n
    return r
