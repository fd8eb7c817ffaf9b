# As with any coroutine, nothing happens before it is awaited; its input is
# that of the call. One that is never awaited is no step.
async def main(input):
    value = {"n": 1}
    first, second, never = note(value), note({"n": 2}), note({"n": 3})
    value["n"] = "changed after the call"
    results = [await second, await first]
    never.close()
    try:
        await first
    except RuntimeError as error:
        results.append(str(error))
    return results
