def strict(input):
    return input["answer"]
