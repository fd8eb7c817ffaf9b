# a connection to a listener that never accepts
def case(input):
    import urllib.request
    urllib.request.urlopen('http://127.0.0.1:%d/' % input['hole']).read()
