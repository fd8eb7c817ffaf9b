package embed

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"maestro/internal/model"
)

func benchCall(b *testing.B, e *testEngine, tenant, name, input string) {
	outcome, err := e.callFor(context.Background(), tenant, name, input, time.Hour)
	if err != nil || outcome.Failure != nil {
		b.Fatalf("%v, %+v", err, outcome.Failure)
	}
}

// reportProcessor measures the processor time of the whole process from now
// until the returned function is called. On a busy machine it tells more than
// the clock.
func reportProcessor(b *testing.B) func() {
	used := func() int64 {
		var usage syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
		return usage.Utime.Nano() + usage.Stime.Nano()
	}
	before := used()
	return func() { b.ReportMetric(float64(used()-before)/float64(b.N), "cpu-ns/op") }
}

// BenchmarkCall is one outer call with a small input, without the engine.
func BenchmarkCall(b *testing.B) {
	e := newTestEngine(startPython(b, Options{}))
	e.define(b, "greet", "def greet(input):\n    return {'message': 'Hello, ' + input['name']}\n")
	const input = `{"name": "Ada"}`
	benchCall(b, e, "a", "greet", input)
	b.Run("one caller", func(b *testing.B) {
		b.ReportAllocs()
		defer reportProcessor(b)()
		for b.Loop() {
			benchCall(b, e, "a", "greet", input)
		}
	})
	for _, tenants := range []int{1, 2, 50} {
		b.Run(fmt.Sprintf("64 callers, %d tenants", tenants), func(b *testing.B) {
			for n := range tenants {
				benchCall(b, e, fmt.Sprint(n), "greet", input)
			}
			b.ReportAllocs()
			defer reportProcessor(b)()
			b.SetParallelism(32)
			var mu sync.Mutex
			callers := 0
			b.RunParallel(func(pb *testing.PB) {
				mu.Lock()
				callers++
				tenant := fmt.Sprint(callers % tenants)
				mu.Unlock()
				for pb.Next() {
					benchCall(b, e, tenant, "greet", input)
				}
			})
		})
	}
}

// BenchmarkAsyncCall is one outer call of an async function that waits once.
func BenchmarkAsyncCall(b *testing.B) {
	e := newTestEngine(startPython(b, Options{}))
	e.define(b, "greet", "import asyncio\nasync def greet(input):\n    await asyncio.sleep(0)\n    return {'message': 'Hello, ' + input['name']}\n")
	const input = `{"name": "Ada"}`
	benchCall(b, e, "a", "greet", input)
	b.Run("one caller", func(b *testing.B) {
		defer reportProcessor(b)()
		for b.Loop() {
			benchCall(b, e, "a", "greet", input)
		}
	})
	b.Run("64 callers", func(b *testing.B) {
		defer reportProcessor(b)()
		b.SetParallelism(32)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				benchCall(b, e, "a", "greet", input)
			}
		})
	})
}

// BenchmarkSiblingCall is one sibling call, within an outer call that makes
// a thousand of them.
func BenchmarkSiblingCall(b *testing.B) {
	e := newTestEngine(startPython(b, Options{}))
	e.define(b, "same", "def same(x):\n    return x\n")
	e.define(b, "outer", "def outer(input):\n    for i in range(1000):\n        same({'id': i, 'name': 'Ada'})\n")
	benchCall(b, e, "a", "outer", "null")
	for b.Loop() {
		benchCall(b, e, "a", "outer", "null")
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/sibling")
}

// BenchmarkProcessors is the same computation in one subtenant and in two at
// once: with a GIL each, two take hardly longer than one.
func BenchmarkProcessors(b *testing.B) {
	e := newTestEngine(startPython(b, Options{}))
	e.define(b, "compute", "def compute(input):\n    return sum(i * i for i in range(300_000))\n")
	for _, tenants := range []int{1, 2} {
		b.Run(fmt.Sprintf("%d tenants", tenants), func(b *testing.B) {
			for b.Loop() {
				var wg sync.WaitGroup
				for n := range tenants {
					wg.Go(func() { benchCall(b, e, fmt.Sprint(n), "compute", "null") })
				}
				wg.Wait()
			}
		})
	}
}

// BenchmarkFirstCall is the first call of a new subtenant, from the warm pool
// as long as that lasts.
func BenchmarkFirstCall(b *testing.B) {
	h := startPython(b, Options{WarmPool: 1})
	e := newTestEngine(h)
	e.define(b, "f", "def f(input):\n    return input\n")
	n := 0
	for b.Loop() {
		b.StopTimer()
		if n > 0 {
			h.Forget(fmt.Sprint(n))
		}
		n++
		for h.Stats().InterpretersWarm == 0 {
			time.Sleep(time.Millisecond)
		}
		b.StartTimer()
		benchCall(b, e, fmt.Sprint(n), "f", "1")
	}
}

// BenchmarkCompile is a function of ordinary length from source to program.
func BenchmarkCompile(b *testing.B) {
	h := startPython(b, Options{WarmPool: -1})
	source := "def f(input):\n"
	for n := range 25 {
		source += fmt.Sprintf("    x%d = validate(input[%d]) + 1\n", n, n)
	}
	b.SetBytes(int64(len(source)))
	for b.Loop() {
		if _, err := h.Compile(context.Background(), "f", 1, source); err != nil {
			b.Fatal(err)
		}
	}
}

var _ model.Host = (*testEngine)(nil)
