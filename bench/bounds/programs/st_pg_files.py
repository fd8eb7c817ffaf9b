# reads the embedded PostgreSQL's settings
def case(input):
    import glob
    return len(glob.glob(input['data'] + '/postgres*/**/pg_hba.conf', recursive=True)), [l for p in glob.glob(input['data'] + '/postgres*/**/pg_hba.conf', recursive=True) for l in open(p) if not l.startswith('#')][:5]
