package main

import (
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
}

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
var stopped = []string{"spins", "refuses", "sleeps", "computes"}

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
	case k < 30:
		status, a, err := t.call("together", 10)
		return t.expect("together", err, string(a.Result) == "45", status, a)
	case k < 45:
		status, a, err := t.call("threads", 5)
		return t.expect("threads", err, string(a.Result) == "[1,2,3,4,5]", status, a)
	case k < 145:
		status, a, err := t.call("fails", nil)
		return t.expect("fails", err, status == 500 && a.Code == "function_failed" && strings.Contains(a.Detail, t.name+" x"), status, a)
	case k < 245:
		status, a, err := t.call("catches", nil)
		return t.expect("catches", err, string(a.Result) == `"`+t.name[:4]+`"`, status, a)
	case k < 255:
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
