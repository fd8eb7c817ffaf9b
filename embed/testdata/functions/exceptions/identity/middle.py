def middle(input):
    try:
        deepest(input)
    except Exception as error:
        error.add_note("seen in the middle")
        raise
