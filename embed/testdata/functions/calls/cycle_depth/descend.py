def descend(input):
    if input["depth"] == 100:
        try:
            return descend_more({"depth": input["depth"] + 1})
        except RecursionError:
            return f"caught at {input['depth']}"
    return descend_more({"depth": input["depth"] + 1})
