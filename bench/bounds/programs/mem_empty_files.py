# a hundred thousand empty files in its folder
def case(input):
    for i in range(100_000): open('empty-%d' % i, 'w').close()
    return 'made 100,000 files'
