package embed

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"maestro/internal/model"
)

// Interpreters are made and ended under load, functions change, calls are
// stopped in all ways: every answer is right, and nothing is left at the end.
func TestPythonStress(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{IdleAfter: 30 * time.Millisecond, ThreadIdleAfter: 20 * time.Millisecond, MinThreads: 1, WaitLimit: time.Minute})
	e := newTestEngine(h)
	e.define(t, "inner", "def inner(x):\n    return x\n")
	e.define(t, "add", "def add(x):\n    return inner(x) + 1\n")
	e.define(t, "fail", "def fail(x):\n    raise ValueError(x)\n")
	e.define(t, "thread", "import threading\ndef thread(x):\n    for _ in range(2):\n        threading.Thread(target=inner, args=(x,)).start()\n    return x + 1\n")
	e.define(t, "loop", "def loop(x):\n    while True:\n        try:\n            inner(x)\n        except Exception: continue\n")
	e.define(t, "sleep", "import time\ndef sleep(x):\n    time.sleep(100)\n")
	var wg sync.WaitGroup
	for worker := range 16 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 1))
			for n := range 150 {
				tenant := fmt.Sprint("tenant-", random.IntN(12))
				switch what := random.IntN(20); what {
				case 0:
					h.Forget(tenant)
				case 1:
					e.define(t, "inner", fmt.Sprintf("def inner(x):\n    return x + %d - %d\n", n, n))
				case 2, 3:
					name := []string{"loop", "sleep"}[what-2]
					outcome, err := e.callFor(t.Context(), tenant, name, "1", time.Duration(random.IntN(20))*time.Millisecond)
					if err == nil && outcome.Failure.Kind != model.FailureTimeout && outcome.Failure.Kind != model.FailureCancelled {
						t.Errorf("%s: %+v", name, outcome.Failure)
					}
				case 4:
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.IntN(5))*time.Millisecond)
					outcome, err := e.callFor(ctx, tenant, "sleep", "1", time.Minute)
					cancel()
					if err == nil && outcome.Failure.Kind != model.FailureCancelled {
						t.Errorf("cancelled: %+v", outcome.Failure)
					}
				case 5:
					outcome, err := e.callFor(t.Context(), tenant, "fail", "1", time.Minute)
					if err == nil && outcome.Failure.Kind != model.FailureCancelled && outcome.Failure.Type != "ValueError" {
						t.Errorf("fail: %+v", outcome.Failure)
					}
				case 6, 7:
					// A stop can break the locks of the threading module, as it can
					// in any Python: functions that use it are not stopped here.
					outcome, err := e.callFor(t.Context(), "threads of "+tenant, "thread", fmt.Sprint(n), time.Minute)
					if err != nil || string(outcome.Output) != fmt.Sprint(n+1) {
						t.Errorf("thread(%d) is %s, %v, %+v", n, outcome.Output, err, outcome.Failure)
					}
				default:
					name := "add"
					outcome, err := e.callFor(t.Context(), tenant, name, fmt.Sprint(n), time.Minute)
					if err != nil || outcome.Failure != nil {
						continue // its subtenant was forgotten meanwhile: the next lines check the answers
					}
					if string(outcome.Output) != fmt.Sprint(n+1) {
						t.Errorf("%s(%d) is %s", name, n, outcome.Output)
					}
				}
			}
		})
	}
	wg.Wait()
	eventually(t, func() bool { s := h.Stats(); return s.Stuck()+s.ThreadsBusy == 0 }, "everything comes to its end")
}
