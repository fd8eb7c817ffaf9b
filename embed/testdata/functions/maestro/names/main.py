import maestro
from maestro import InputInvalid, Response, context, log


def main(input):
    results = [sorted(name for name in maestro.__all__ if name.islower())]
    for call in (lambda: maestro.secret("X"), lambda: maestro.spawn("missing", 1)):
        try:
            call()
        except Exception as error:
            results.append(type(error).__name__)
    return results
