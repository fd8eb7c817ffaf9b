def main(input):
    try:
        return broken(1)
    except ZeroDivisionError as error:
        return ["caught", str(error)]
