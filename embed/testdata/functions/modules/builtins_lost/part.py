def part(input):
    kept["print"]("in", kept["type"](input).__name__)
    return (input, {2, 1})
