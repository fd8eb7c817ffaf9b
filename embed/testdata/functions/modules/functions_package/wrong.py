def wrong(input):
    results = []
    for source in ("from functions.no_such import no_such", "from functions.reserve import no_such", "from functions import no_such"):
        try:
            exec(source)
        except ImportError as error:
            results.append(str(error).split(" (")[0])
    return results
