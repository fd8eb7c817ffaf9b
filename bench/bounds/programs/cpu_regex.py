# a regular expression with exponential backtracking, which holds the GIL
def case(input):
    import re
    return bool(re.match(r'(a+)+$', 'a' * 40 + 'b'))
