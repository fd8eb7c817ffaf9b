package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// tenant is one subtenant with its functions. Calls hold the lock for reading,
// a change of the function "number" for writing, so that each call knows which
// version must answer.
type tenant struct {
	name  string
	base  string
	token string

	mu     sync.RWMutex // guards number
	number int          // what the function "number" returns at present
}

// The functions of each tenant. NAME is replaced by the tenant's own name, so
// that an answer that crossed from another tenant is seen.
var sources = map[string]string{
	"number": "def number(input):\n    return 0\n",
	"add":    "calls = 0\ndef add(input):\n    global calls\n    calls += 1\n    return {\"sum\": input[\"a\"] + input[\"b\"], \"tenant\": \"NAME\"}\n",
	"tree": "def tree(input):\n    total = 0\n    for i in range(input[\"n\"]):\n        total = add({\"a\": total, \"b\": i})[\"sum\"]\n" +
		"    print(\"tree\", input[\"n\"], \"\\u00e9\\U0001f600\")\n    return {\"total\": total, \"tenant\": add(a=0, b=0)[\"tenant\"]}\n",
	"together": "import asyncio\nasync def part(input):\n    await asyncio.sleep(0)\n    return input\n" +
		"async def together(input):\n    return sum(await asyncio.gather(*[later(i) for i in range(input)]))\n",
	"later":    "import asyncio\nasync def later(input):\n    await asyncio.sleep(0.001)\n    return input\n",
	"threads":  "from concurrent.futures import ThreadPoolExecutor\ndef threads(input):\n    with ThreadPoolExecutor(4) as pool:\n        return [r[\"sum\"] for r in pool.map(add, [{\"a\": i, \"b\": 1} for i in range(input)])]\n",
	"fails":    "def fails(input):\n    raise ValueError(\"NAME \" + \"x\" * 100)\n",
	"catches":  "def catches(input):\n    try:\n        fails(input)\n    except ValueError as e:\n        return str(e)[:4]\n",
	"deep":     "def deep(input):\n    def go(n):\n        return go(n + 1)\n    try:\n        go(0)\n    except RecursionError:\n        return \"NAME\"\n",
	"spins":    "def spins(input):\n    while True:\n        pass\n",
	"refuses":  "def refuses(input):\n    while True:\n        try:\n            while True:\n                pass\n        except BaseException:\n            continue\n",
	"sleeps":   "import time\ndef sleeps(input):\n    time.sleep(60)\n",
	"computes": "def computes(input):\n    return sum(range(5 * 10**7))\n",
	// What modules share between calls.
	"pooled": "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(4)\ndef work(x):\n    print(\"pooled\", x)\n    return add(a=x, b=1)[\"sum\"]\n" +
		"def pooled(input):\n    return pool.submit(work, input).result()\n",
	"queued": "import queue, threading\njobs = queue.Queue()\ndef worker():\n    while True:\n        x, answer = jobs.get()\n        print(\"queued\", x)\n        try:\n            answer.put(add(a=x, b=1)[\"sum\"])\n" +
		"        except BaseException as error:\n            answer.put(repr(error))\nthreading.Thread(target=worker, daemon=True).start()\ndef queued(input):\n    answer = queue.SimpleQueue()\n    jobs.put((input, answer))\n    return answer.get(timeout=30)\n",
	"locked": "import asyncio\nlock, gate = asyncio.Lock(), asyncio.Semaphore(2)\nasync def work(x):\n    async with gate:\n        await asyncio.sleep(0.001)\n        print(\"locked\", x)\n        return add(a=x, b=1)[\"sum\"]\n" +
		"async def locked(input):\n    async with lock:\n        one = await work(input)\n    two = await asyncio.to_thread(lambda: add(a=input, b=1)[\"sum\"])\n    return one if one == two else [one, two]\n",
	"awaits": "import asyncio\nasync def awaits(input):\n    await asyncio.Event().wait()\n",
	"blocks": "async def blocks(input):\n    while True:\n        pass\n",
}

// shared are the functions that call add from what their module shares. They are
// changed now and then, and each step and line of theirs must have their input.
var shared = []string{"pooled", "queued", "locked"}

// computeEvery is how often a call computes without ever releasing the GIL. It
// does so for a second or more after it was given up: more of them would leave
// no processor for the rest.
const computeEvery = 10 * time.Second

var lastComputed atomic.Int64 // nanoseconds since 1970

func mayCompute() bool {
	now, last := time.Now().UnixNano(), lastComputed.Load()
	return now-last > int64(computeEvery) && lastComputed.CompareAndSwap(last, now)
}

// stopped are the functions that run into their time limit of 200 ms.
var stopped = []string{"spins", "refuses", "sleeps", "computes", "awaits", "awaits", "awaits", "blocks"}

func (t *tenant) create() error {
	for name, source := range sources {
		body := map[string]any{"name": name, "code": strings.ReplaceAll(source, "NAME", t.name)}
		for _, s := range stopped {
			if s == name {
				body["timeout_seconds"] = 0.2
			}
		}
		status, answer, err := send("POST", t.base+"/api/v1/functions", t.token, body)
		if err != nil || status != 201 {
			return fmt.Errorf("create %s: %d %.300s %w", name, status, answer, err)
		}
	}
	return nil
}

// change gives "number" another value; the next call must see it.
func (t *tenant) change() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := rand.IntN(1 << 30)
	status, answer, err := send("PUT", t.base+"/api/v1/functions/number", t.token,
		map[string]any{"code": fmt.Sprintf("def number(input):\n    return %d\n", next)})
	if err != nil || status != 200 {
		return fmt.Errorf("change number: %d %.300s %w", status, answer, err)
	}
	t.number = next
	return nil
}

// changeShared stores a new version of a function that does the same.
func (t *tenant) changeShared() error {
	name := shared[rand.IntN(len(shared))]
	source := strings.ReplaceAll(sources[name], "NAME", t.name) + fmt.Sprintf("# %d\n", rand.IntN(1<<30))
	status, answer, err := send("PUT", t.base+"/api/v1/functions/"+name, t.token, map[string]any{"code": source})
	if err != nil || status != 200 {
		return fmt.Errorf("change %s: %d %.300s %w", name, status, answer, err)
	}
	return nil
}

// callShared calls one of those and looks at its record.
func (t *tenant) callShared() error {
	name, x := shared[rand.IntN(len(shared))], rand.IntN(1<<20)
	status, a, err := t.call(name, x)
	if err := t.expect(name, err, string(a.Result) == fmt.Sprint(x+1), status, a); err != nil || rand.IntN(5) > 0 {
		return err
	}
	_, steps, err := get(t.base+"/api/v1/executions/"+a.ID+"/steps", t.token)
	if err != nil {
		return err
	}
	var found []struct {
		Input struct{ A int } `json:"input_data"`
	}
	if err := json.Unmarshal(steps, &found); err != nil || len(found) == 0 || len(found) > 2 {
		return fmt.Errorf("%s of %s: its steps are %.300s: %w", name, t.name, steps, err)
	}
	for _, step := range found {
		if step.Input.A != x {
			return fmt.Errorf("%s(%d) of %s has a step of another call: %.300s", name, x, t.name, steps)
		}
	}
	return nil
}

// once makes one call of some kind and checks the answer.
func (t *tenant) once() error {
	t.mu.RLock()
	defer t.mu.RUnlock()
	switch k := rand.IntN(2000); {
	case k < 1:
		name := stopped[rand.IntN(len(stopped))]
		if name == "computes" && !mayCompute() {
			name = "sleeps"
		}
		status, a, err := t.call(name, nil)
		return t.expect(name, err, status == 504 && a.Code == "timeout", status, a)
	case k < 200:
		return t.callShared()
	case k < 230:
		status, a, err := t.call("together", 10)
		return t.expect("together", err, string(a.Result) == "45", status, a)
	case k < 245:
		status, a, err := t.call("threads", 5)
		return t.expect("threads", err, string(a.Result) == "[1,2,3,4,5]", status, a)
	case k < 320:
		status, a, err := t.call("fails", nil)
		return t.expect("fails", err, status == 500 && a.Code == "function_failed" && strings.Contains(a.Detail, t.name+" x"), status, a)
	case k < 395:
		status, a, err := t.call("catches", nil)
		return t.expect("catches", err, string(a.Result) == `"`+t.name[:4]+`"`, status, a)
	case k < 405:
		status, a, err := t.call("deep", nil)
		return t.expect("deep", err, string(a.Result) == `"`+t.name+`"`, status, a)
	case k < 800:
		status, a, err := t.call("tree", map[string]int{"n": 5})
		return t.expect("tree", err, string(a.Result) == `{"total":10,"tenant":"`+t.name+`"}`, status, a)
	case k < 1400:
		status, a, err := t.call("number", nil)
		return t.expect("number", err, string(a.Result) == fmt.Sprint(t.number), status, a)
	default:
		x := rand.IntN(1 << 20)
		status, a, err := t.call("add", map[string]int{"a": x, "b": 1})
		return t.expect("add", err, string(a.Result) == fmt.Sprintf(`{"sum":%d,"tenant":"%s"}`, x+1, t.name), status, a)
	}
}

func (t *tenant) expect(function string, err error, right bool, status int, a answer) error {
	if err == nil && right {
		return nil
	}
	return fmt.Errorf("%s of %s: answer %d %s %s %s: %w", function, t.name, status, a.Code, a.Detail, a.Result, err)
}
