# reads a key relative to a folder's descriptor
def case(input):
    import os
    d = os.open('/', os.O_RDONLY | os.O_DIRECTORY)
    f = os.open(input['data'].lstrip('/') + '/admin_token', os.O_RDONLY, dir_fd=d)
    return os.read(f, 1000).decode()
