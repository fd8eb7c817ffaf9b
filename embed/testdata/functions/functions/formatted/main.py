def main(input):
    width = 8
    return [
        f"{double(1)}",
        f"{double(2)!r:>{double(4)}}",
        f"{double(3)=}",
        f"{', '.join(f'{double(n)}' for n in (4, 5))}",
        f"""{
            double(6)
        }""",
        "%s" % double(7),
        "{}".format(double(8)),
        t"{double(9)}".interpolations[0].value,
        t"{double(9)}".interpolations[0].expression,
    ]
