package cpython

import "testing"

// benchmarkCall measures a call on a locked thread that has its thread state,
// as a worker of embed's does it.
func benchmarkCall(b *testing.B, st *stage, name, input string, inner int) {
	args := st.args(name, input)
	onLockedThread(func() {
		defer st.in.DropThread()
		if result := st.in.Call(args); result.Exception != nil {
			b.Error(result.Exception)
			return
		}
		b.ReportAllocs()
		b.ResetTimer()
		for n := 0; n < b.N; n += inner {
			st.in.Call(args)
		}
		b.StopTimer()
	})
}

func BenchmarkCall(b *testing.B) {
	st := setup(b, "hello", "def hello(input): return {'hello': input['name']}\n")
	benchmarkCall(b, st, "hello", `{"name": "Ada"}`, 1)
}

// One sibling call of 1,000 in a call; the callback does next to nothing.
func BenchmarkSiblingCall(b *testing.B) {
	for name, argument := range map[string]string{"empty": "", "object": "{'name': 'Ada', 'age': 36}"} {
		b.Run(name, func(b *testing.B) {
			st := setup(b, "outer", "def outer(input):\n    for _ in range(1000):\n        inner("+argument+")\n",
				"inner", "def inner(input): return None\n")
			st.forget = true
			benchmarkCall(b, st, "outer", "{}", 1000)
		})
	}
}

// What a direct Python call costs, for comparison.
func BenchmarkDirectCall(b *testing.B) {
	st := setup(b, "outer", "def inner(input): return None\ndef outer(input):\n    for _ in range(1000):\n        inner({})\n")
	benchmarkCall(b, st, "outer", "{}", 1000)
}

func BenchmarkFailingSibling(b *testing.B) {
	st := setup(b, "outer", `def outer(input):
    for _ in range(1000):
        try:
            inner({})
        except ValueError:
            pass
`, "inner", "def inner(input): raise ValueError('no')\n")
	st.forget = true
	benchmarkCall(b, st, "outer", "{}", 1000)
}

func BenchmarkPrint(b *testing.B) {
	st := setup(b, "outer", "def outer(input):\n    for _ in range(1000):\n        print('a line of output')\n")
	st.forget = true
	benchmarkCall(b, st, "outer", "{}", 1000)
}

func BenchmarkInterpreter(b *testing.B) {
	for b.Loop() {
		st := &stage{t: b}
		onLockedThread(func() { st.in, _ = New(runtimeConfig) })
		onLockedThread(st.in.End)
	}
}

func BenchmarkFailingCall(b *testing.B) {
	st := setup(b, "fails", "def fails(input): raise ConnectionRefusedError('no')\n")
	args := st.args("fails", "{}")
	onLockedThread(func() {
		defer st.in.DropThread()
		for b.Loop() {
			st.in.Call(args)
		}
	})
}
