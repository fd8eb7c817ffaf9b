def append(input):
    input["to"]["list"].append("changed by the callee")
    input["new"] = True
    return input
