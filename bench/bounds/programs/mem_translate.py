# a text that grows a millionfold as it is translated
def case(input):
    return len(('a' * 10**6).translate({97: 'b' * 10**6}))
