def main(input):
    mine = {"list": [1, 2], "again": None}
    mine["again"] = mine["list"]
    first = append({"to": mine})
    kept = keep(mine)
    kept["list"].append("changed by the caller")
    return {"mine": mine, "first": first, "second": keep(None)}
