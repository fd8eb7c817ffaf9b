# truncates the files of the data folder
def case(input):
    import os
    n = 0
    for d, ds, fs in os.walk(input['data']):
        for f in fs:
            try: os.truncate(os.path.join(d, f), 0); n += 1
            except OSError: pass
    return n
