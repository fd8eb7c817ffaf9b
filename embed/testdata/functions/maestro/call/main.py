# maestro.call() calls by a computed name; for the rest it is a call by plain name.
import asyncio
import inspect

import maestro


def main(input):
    results = [maestro.call("double", 2), maestro.call("dou" + "ble", input=3), maestro.call("echo"), maestro.call("echo", {"a": 1})]

    async def awaits():
        return await asyncio.gather(*(maestro.call("slow", i) for i in range(3)))

    results.append(asyncio.run(awaits()))
    for wrong in (lambda: maestro.call("no_such", 1), lambda: maestro.call(double, 1), lambda: maestro.call("fails", 1)):
        try:
            wrong()
        except Exception as error:
            results.append([type(error).__name__, str(error), getattr(error, "name", None)])
    return [*results, str(inspect.signature(maestro.call)), maestro.call.__module__, "call" in maestro.__all__]
