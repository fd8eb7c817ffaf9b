def one(_):
    return 1
