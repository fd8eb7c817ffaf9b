def bad(input):
    return {"y": [1, object]}
