# a function that calls itself as a sibling without end
def case(input):
    import maestro
    return maestro.call('case', input)
