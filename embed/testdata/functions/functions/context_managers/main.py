import contextlib


@contextlib.contextmanager
def opened(name):
    note({"open": name})
    try:
        yield note({"use": name})
    except ValueError as error:
        note({"error": str(error)})
    finally:
        note({"close": name})


class Manager:
    def __enter__(self):
        return note

    def __exit__(self, *error):
        note({"exit": error[0] and error[0].__name__})
        return True


def main(input):
    with opened("a") as a, opened("b"):
        raise ValueError(a["use"])
    with Manager() as manager:
        manager({"in": 1})
        raise OSError
    with contextlib.ExitStack() as stack:
        stack.callback(note, {"callback": 1})
    return "done"
