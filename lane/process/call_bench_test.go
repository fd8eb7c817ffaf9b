package process

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"maestro/embed/lanetest"
	"maestro/internal/model"
)

// benchLanes are the lanes, with the same small function.
func benchLanes(b *testing.B) map[string]lanetest.Lane {
	return map[string]lanetest.Lane{"process": startLane(b, Options{}), "embedded": compiler(b)}
}

// benchHost is a run that answers from memory.
type benchHost struct {
	*lanetest.Run
	frame model.RunFrame
}

func (h benchHost) Frame() model.RunFrame { return h.frame }

func (h benchHost) Generation() uint64 { return h.frame.Generation }

func benchCall(b *testing.B, l lanetest.Lane, h benchHost, input string) {
	outcome, err := l.Call(context.Background(), model.Call{
		Tenant: "a", Program: h.Function, Input: json.RawMessage(input), Deadline: time.Now().Add(time.Minute), Host: h,
	})
	if err != nil || outcome.Failure != nil {
		b.Fatalf("%v, %+v", err, outcome.Failure)
	}
}

func benchHostOf(b *testing.B, l lanetest.Lane, source string) benchHost {
	e := lanetest.NewEngine(l, compiler(b), "a")
	e.Define(b, "same", "def same(x):\n    return x\n")
	e.Define(b, "f", source)
	run := e.NewRun("f")
	return benchHost{run, run.Frame()}
}

// BenchmarkCall is one outer call with a small input, without the engine, in both lanes.
func BenchmarkCall(b *testing.B) {
	for _, callers := range []int{1, 64} {
		for _, name := range []string{"embedded", "process"} {
			b.Run(fmt.Sprintf("%d callers/%s", callers, name), func(b *testing.B) {
				l := benchLanes(b)[name]
				h := benchHostOf(b, l, "def f(input):\n    return {'message': 'Hello, ' + input['name']}\n")
				const input = `{"name": "Ada"}`
				for range 100 {
					benchCall(b, l, h, input)
				}
				defer reportProcessor(b, l)()
				if callers == 1 {
					var took []time.Duration
					for b.Loop() {
						began := time.Now()
						benchCall(b, l, h, input)
						took = append(took, time.Since(began))
					}
					slices.Sort(took)
					b.ReportMetric(float64(took[len(took)/10]), "p10-ns")
					b.ReportMetric(float64(took[len(took)/2]), "p50-ns")
					b.ReportMetric(float64(took[len(took)*9/10]), "p90-ns")
					b.ReportMetric(float64(took[len(took)*99/100]), "p99-ns")
					return
				}
				b.SetParallelism(callers / 2)
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						benchCall(b, l, h, input)
					}
				})
			})
		}
	}
}

// reportProcessor measures the processor time of this process and the children of l, from
// now until the returned function is called. On a busy machine it tells more than the
// clock.
func reportProcessor(b *testing.B, l lanetest.Lane) func() {
	used := func() (nanoseconds int64) {
		var usage syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
		nanoseconds = usage.Utime.Nano() + usage.Stime.Nano()
		if lane, ok := l.(*Lane); ok {
			status, _ := lane.Status("a")
			for _, p := range status.Processes {
				nanoseconds += processorOf(p.Pid)
			}
		}
		return nanoseconds
	}
	before := used()
	return func() { b.ReportMetric(float64(used()-before)/float64(b.N), "cpu-ns/op") }
}

// processorOf is the processor time of another process.
func processorOf(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	const user, system, tick = 11, 12, 10_000_000
	columns := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	var ticks int64
	for _, column := range []string{columns[user], columns[system]} {
		n, _ := strconv.ParseInt(column, 10, 64)
		ticks += n
	}
	return ticks * tick
}

// BenchmarkSiblingCall is one sibling call, within an outer call that makes a thousand.
func BenchmarkSiblingCall(b *testing.B) {
	for _, name := range []string{"embedded", "process"} {
		b.Run(name, func(b *testing.B) {
			l := benchLanes(b)[name]
			h := benchHostOf(b, l, "def f(input):\n    for i in range(1000):\n        same({'id': i, 'name': 'Ada'})\n")
			for b.Loop() {
				benchCall(b, l, benchHost{h.NewRun("f"), h.frame}, "null")
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/sibling")
		})
	}
}

// BenchmarkNextCall is the call that follows the death of the only child.
func BenchmarkNextCall(b *testing.B) {
	for _, how := range []string{"fork", "exec"} {
		b.Run(how, func(b *testing.B) {
			starter := thisProgram(b)
			starter.NoZygote = how == "exec"
			l := startLane(b, Options{Start: starter})
			h := benchHostOf(b, l, "def f(input):\n    return input\n")
			benchCall(b, l, h, "1")
			for b.Loop() {
				b.StopTimer()
				l.killForTest()
				b.StartTimer()
				benchCall(b, l, h, "1")
			}
		})
	}
}

// killForTest kills the only child, and returns when that is known.
func (l *Lane) killForTest() {
	t := l.find("a")
	t.mu.Lock()
	ch := t.children[0]
	t.mu.Unlock()
	ch.proc.Kill()
	<-ch.proc.Exited()
	for gone := false; !gone; time.Sleep(100 * time.Microsecond) {
		t.mu.Lock()
		gone = ch.state == childGone
		t.mu.Unlock()
	}
}
