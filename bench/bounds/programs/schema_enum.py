# 20,000 values compared with 20,000 items
def case(input):
    return 1
