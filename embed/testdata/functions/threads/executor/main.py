from concurrent.futures import ThreadPoolExecutor, as_completed


def main(input):
    with ThreadPoolExecutor(3) as executor:
        mapped = list(executor.map(double, [1, 2, 3]))
        futures = [executor.submit(double, n) for n in (4, 5)]
        completed = sorted(future.result() for future in as_completed(futures))
        try:
            executor.submit(double, None).result()
        except TypeError as error:
            failed = str(error)
        return [mapped, completed, failed, executor.submit(lambda: double(6)).result()]
