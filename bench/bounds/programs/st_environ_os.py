# reads the server's environment
def case(input):
    import os
    return os.environ.get('PLANTED_ENV')
