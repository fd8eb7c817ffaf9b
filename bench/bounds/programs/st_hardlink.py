# reads a key through a hard link of its own
def case(input):
    import os
    os.link(input['data'] + '/admin_token', 'hard')
    return open('hard').read()
