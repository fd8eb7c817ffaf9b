def descend_more(input):
    if input["depth"] == 100:
        try:
            return descend({"depth": input["depth"] + 1})
        except RecursionError:
            return f"caught at {input['depth']}"
    return descend({"depth": input["depth"] + 1})
