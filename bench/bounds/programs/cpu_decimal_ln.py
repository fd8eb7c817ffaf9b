# a logarithm of a million digits
def case(input):
    import decimal
    decimal.getcontext().prec = 1_000_000
    return len(str(decimal.Decimal(3).ln()))
