# writes lines to the server's own output
def case(input):
    import os
    for i in range(1000): os.write(1, b'FORGED LINE FROM TENANT\n')
    return 1
