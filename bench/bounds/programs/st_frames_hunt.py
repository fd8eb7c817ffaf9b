# looks for other subtenants' inputs in the frames of all threads
def case(input):
    import sys
    r = []
    for t, f in sys._current_frames().items():
        while f:
            v = f.f_locals.get('input')
            if isinstance(v, dict) and 'victim' in v and v is not input: r.append(v['victim'])
            f = f.f_back
    return r
