def main(input):
    try:
        check(-1)
    except ValueError as error:
        first = [type(error).__name__, str(error), error.args]
    try:
        check("text")
    except (KeyError, TypeError) as error:
        second = [type(error) is TypeError, str(error)]
    else:
        second = "not reached"
    finally:
        third = check(9)
    return [first, second, third]
