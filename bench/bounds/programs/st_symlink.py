# reads a key through a symbolic link of its own
def case(input):
    import os
    os.symlink(input['data'] + '/admin_token', 'link')
    return open('link').read()
