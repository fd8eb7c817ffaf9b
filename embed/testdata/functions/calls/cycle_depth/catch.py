def catch(n):
    try:
        return descend({"n": n, "depth": 1})
    except RecursionError as error:
        return str(error)
