# a quotient of ten million digits
def case(input):
    import decimal
    with decimal.localcontext() as c:
        c.prec = 10**7
        c.Emax = decimal.MAX_EMAX
        return len(str(decimal.Decimal(1) / 7 / 11 / 13 / 17 / 19))
