def main(input):
    # A comment, an accent (é) and a call over several lines do not move lines.
    prepared = {"n": input["n"], "é": "ü"}
    return 1 + middle(
        prepared
    )
