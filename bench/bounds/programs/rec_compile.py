# compiles an expression nested a million deep
def case(input):
    try: compile('-' * 10**6 + '1', 'x', 'eval')
    except Exception as e: return type(e).__name__
