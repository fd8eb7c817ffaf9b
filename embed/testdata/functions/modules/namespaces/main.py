shared = "main's"


def main(input):
    leaks = other()
    return [shared, leaks, __name__ == "__main__", "shared" in vars(__builtins__) if not isinstance(__builtins__, dict) else "shared" in __builtins__, attempt()]


def attempt():
    try:
        import other
    except ImportError as error:
        return type(error).__name__


if __name__ == "__main__":
    raise SystemExit("never")
