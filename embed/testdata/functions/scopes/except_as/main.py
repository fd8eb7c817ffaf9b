def main(input):
    results = []

    def local():
        try:
            raise LookupError
        except LookupError as clean:
            results.append(type(clean).__name__)
        return clean(1)  # gone after the clause, but local all the same

    try:
        local()
    except UnboundLocalError as error:
        results.append(str(error))
    try:
        module_level(1)
    except NameError as error:
        results.append(str(error))
    return [*results, clean(2)]


try:
    raise LookupError
except LookupError as module_level:
    pass
