# a source of ten megabytes that is compiled in C
def case(input):
    compile('x = (' + '1,' * 5_000_000 + ')', 'x', 'exec')
    return compile('\n'.join('x%d = %d' % (i, i) for i in range(10**6)), 'y', 'exec') and 1
