def main(input):
    try:
        wraps(input)
    except RuntimeError as error:
        cause, context = error.__cause__, error.__context__
        print(type(cause).__name__, cause is context)
        raise LookupError("the end") from error
