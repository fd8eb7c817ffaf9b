from concurrent.futures import ThreadPoolExecutor

import maestro

AT_IMPORT = maestro.secret("KEY_AT_IMPORT")


def main(input):
    with ThreadPoolExecutor() as pool:
        in_a_thread = pool.submit(maestro.secret, "KEY_ÄÖ").result()
    try:
        maestro.secret("missing")
    except KeyError as error:
        missing = [type(error) is maestro.SecretNotFound, str(error), error.name]
    wrong = []
    for name in (None, 1, b"KEY", "\ud800"):
        try:
            maestro.secret(name)
        except (TypeError, ValueError) as error:
            wrong.append(type(error).__name__)
    try:
        maestro.secret()
    except TypeError as error:
        wrong.append(str(error))
    return [AT_IMPORT, maestro.secret("KEY"), inner(1), in_a_thread, missing, wrong]
