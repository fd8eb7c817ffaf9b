# calls the server that runs it
def case(input):
    import urllib.request
    return urllib.request.urlopen('http://127.0.0.1:%d/health' % input['port']).status
