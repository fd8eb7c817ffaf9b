# sibling calls without end
def case(input):
    import maestro
    if input is None: return 1
    while True: maestro.call('case', None)
