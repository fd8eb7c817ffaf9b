from concurrent.futures import ThreadPoolExecutor


def main(input):
    with ThreadPoolExecutor(2) as executor:
        return list(executor.map(spread, [1, 10]))
