def reads(x):
    try:
        return input()
    except EOFError as error:
        return type(error).__name__
