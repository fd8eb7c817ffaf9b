def attempt(n):
    try:
        return fails(n)
    except ValueError:
        return "caught"
    finally:
        note(n)


def main(input):
    results = []
    for n in range(3):
        try:
            results.append(attempt(n))
        except LookupError:
            results.append("let through")
    return results
