import itertools
import maestro


def main(input):
    prompt = {"words": ["a", "b"]}
    yield from shout(prompt)
    for word in tokens(prompt):
        yield word
        break
    yield list(itertools.islice(maestro.call("tokens", prompt), 1))
    unstarted = tokens(prompt)
    unstarted.close()
    first, second = tokens(prompt), tokens({"words": [1, 2]})
    yield [pair for pair in zip(first, second)]
    yield maestro.context().step_id
    yield [kind.__name__ for kind in (type(first),)]
