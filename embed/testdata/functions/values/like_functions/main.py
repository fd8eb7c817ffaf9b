# A sibling as a value is used like any function.
import asyncio
import copy
import functools
import inspect
import pickle
import weakref
from unittest import mock


@functools.wraps(clean)
def wrapped(x):
    return ["wrapped", clean(x)]


class Uses:
    step = clean

    def run(self, x):
        return self.step(x)


def main(input):
    cached = functools.cache(clean)
    spec = mock.create_autospec(clean, return_value=7)
    return {
        "copied": [copy.copy(clean) is clean, copy.deepcopy({"f": [clean]})["f"][0](1), copy.deepcopy(clean) is clean],
        "pickled": [pickle.loads(pickle.dumps(clean, protocol)) is clean for protocol in range(pickle.HIGHEST_PROTOCOL + 1)],
        "pickled by Python": pickle._loads(pickle._dumps(clean)) is clean,
        "partial pickled": pickle.loads(pickle.dumps(functools.partial(clean, 5)))(),
        "weak": [weakref.ref(clean)() is clean, weakref.proxy(clean)(2), len(weakref.WeakSet([clean, slow, clean]))],
        "wrapped": [wrapped(3), wrapped.__name__, wrapped.__wrapped__ is clean, str(inspect.signature(wrapped, follow_wrapped=False))],
        "partial": functools.partial(clean, a=1)(b=2),
        "cached": [cached(4), cached(4), cached.cache_info().hits],
        "a method": Uses().run(5),
        "compared": [clean == clean, clean != slow, {clean: 1}[clean], clean in [slow, clean]],
        "named": [clean.__name__, clean.__qualname__, clean.__module__, clean.__doc__, repr(clean), callable(clean)],
        "signature": [str(inspect.signature(clean)), list(inspect.signature(clean).bind(1).arguments)],
        "mocked": [spec(1), spec.call_count],
        "coroutine function": [
            [asyncio.iscoroutinefunction(f), inspect.iscoroutinefunction(f), inspect.iscoroutinefunction(functools.partial(f))]
            for f in (clean, slow, main)
        ],
        "awaited": asyncio.run(dispatch([clean, slow])),
    }


async def dispatch(functions):
    return [await f(6) if inspect.iscoroutinefunction(f) else f(6) for f in functions]
