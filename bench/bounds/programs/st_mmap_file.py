# maps the administrator's token
def case(input):
    import mmap, os
    f = os.open(input['data'] + '/admin_token', os.O_RDONLY)
    return mmap.mmap(f, 0, prot=mmap.PROT_READ)[:].decode()
