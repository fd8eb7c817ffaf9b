def helper(when):
    try:
        return [when, main(None) if when == "while loading" else "fine"]
    except NameError as error:
        return [when, str(error)]
