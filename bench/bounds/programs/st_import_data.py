# imports a module from the data folder of another subtenant
def case(input):
    import sys, os
    r = []
    for d in ('packages', 'files', 'spool', 'journal'):
        try: r.append(os.listdir(os.path.join(input['data'], d)))
        except OSError: pass
    return r
