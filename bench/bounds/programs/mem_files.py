# writes two gigabytes of files into its folder
def case(input):
    block = b'x' * (1 << 20)
    for i in range(2048):
        with open('file-%d' % (i // 256), 'ab') as f: f.write(block)
    return 'wrote 2 GB'
