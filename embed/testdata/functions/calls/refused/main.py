import maestro


def main(input):
    seen = []
    try:
        strict([1])
    except maestro.InputInvalid as error:
        seen.append(["input", isinstance(error, ValueError), str(error), error.errors])
    try:
        strict({"answer": "text"})
    except maestro.OutputInvalid as error:
        seen.append(["output", isinstance(error, ValueError), str(error), error.errors])
    seen.append(strict({"answer": {"fine": True}}))
    return seen
