package treetest

import (
	"encoding/json"

	"maestro/internal/model"
)

// Functions are those that plans call. "missing" is none of them.
func Functions() []model.Function {
	return []model.Function{
		{Name: "node", Code: source("node")},
		{Name: "anode", Code: asyncSource},
		{
			Name: "strict", Code: source("strict"),
			InputSchema:  json.RawMessage(`{"type":"object","required":["id"]}`),
			OutputSchema: json.RawMessage(`{"type":"object"}`),
		},
	}
}

// source is the Python code of a function that runs its input, a Plan. It and Run do
// the same.
func source(name string) string {
	return "def " + name + `(plan):
    import threading
    own = plan["id"]
    if plan.get("dive"):
        left = plan["dive"] - 1
        maestro.call("node", {"id": own, "dive": left} if left else {"id": own})
    for _ in range(plan.get("repeat", 0)):
        maestro.call("node", {"id": own})
    calls = plan.get("calls", [])
    results, raised = [None] * len(calls), [None] * len(calls)

    def make(at):
        call = calls[at]
        try:
            results[at] = maestro.call(call["function"], f"plan {own}.{at}" if call.get("misfit") else call["plan"])
        except Exception as e:
            if call.get("catch"):
                results[at] = type(e).__name__
            else:
                raised[at] = e

    if plan.get("threads"):
        threads = [threading.Thread(target=make, args=[at]) for at in range(len(calls))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    else:
        for at in range(len(calls)):
            make(at)
            if raised[at]:
                break
    for e in raised:
        if e:
            raise e
    if plan.get("raise"):
        raise ValueError(plan["raise"])
    return f"text {own}" if plan.get("text") else {"id": own, "results": results}


import maestro
`
}

// asyncSource is the same for "anode", whose calls made at once are tasks.
const asyncSource = `import asyncio
import inspect
import maestro


async def anode(plan):
    own = plan["id"]
    if plan.get("dive"):
        left = plan["dive"] - 1
        maestro.call("node", {"id": own, "dive": left} if left else {"id": own})
    for _ in range(plan.get("repeat", 0)):
        maestro.call("node", {"id": own})
    calls = plan.get("calls", [])
    results, raised = [None] * len(calls), [None] * len(calls)

    async def make(at):
        call = calls[at]
        try:
            results[at] = maestro.call(call["function"], f"plan {own}.{at}" if call.get("misfit") else call["plan"])
            if inspect.isawaitable(results[at]):
                results[at] = await results[at]
        except Exception as e:
            if call.get("catch"):
                results[at] = type(e).__name__
            else:
                raised[at] = e

    if plan.get("threads"):
        await asyncio.gather(*(make(at) for at in range(len(calls))))
    else:
        for at in range(len(calls)):
            await make(at)
            if raised[at]:
                break
    for e in raised:
        if e:
            raise e
    if plan.get("raise"):
        raise ValueError(plan["raise"])
    return f"text {own}" if plan.get("text") else {"id": own, "results": results}
`
