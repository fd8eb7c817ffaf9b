# reads a key by a path that leads out of its folder
def case(input):
    import os
    return open(os.getcwd() + '/' + '../' * 20 + input['data'].lstrip('/') + '/admin_token').read()
