def second(input):
    return ["second", *third(input), *third(input)]
