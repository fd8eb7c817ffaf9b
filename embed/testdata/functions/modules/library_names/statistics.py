def statistics(x):
    from statistics import mean
    return mean(x)
