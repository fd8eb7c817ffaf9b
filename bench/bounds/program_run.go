package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	deadline   = time.Second      // of the program's function
	patience   = 15 * time.Second // of its caller
	watched    = 2 * time.Second  // of the neighbour's calls before a program
	calmed     = 100 * time.Millisecond
	settled    = time.Second // between the answer and the look at what remains
	lookAround = time.Second // at the processor after that
)

// row is what came of one program.
type row struct {
	program
	took     time.Duration // until the last answer
	answers  string        // what the caller saw
	answered bool
	records  string
	culprit  bool // a record or, of a run that was over, the server's log names the program's function
	before   view
	during   view
	load     float64   // of one core, over the load before
	loads    []float64 // of all tries
	held     [2]int64  // bytes
	threads  [2]int
	left     []string // processes
	restarts string   // "": the same process serves
	killed   int64    // bytes at which the server was killed to protect the machine
	shown    string
	health   string
	damaged  bool // files of the data folder are gone or changed
	logged   string
	faults   []string
	chances  int // how many of them may be of other work at the same time: the neighbour's p99, the load
}

// tries is how often a program is run whose only faults are the neighbour's p99 or the load: the slowest two
// of the hundred or so calls of one run decide about the former, and the server's own housekeeping may fall
// into the second in which the latter is measured. Then the calls of all runs count, and the middle load.
const tries = 3

// try runs one program, several times if need be.
func (s *stage) try(ctx context.Context, p program) (row, error) {
	r, err := s.tryOnce(ctx, p)
	for n := 1; n < tries && err == nil && r.chances > 0 && len(r.faults) == r.chances; n++ {
		var again row
		if again, err = s.tryOnce(ctx, p); err != nil {
			break
		}
		again.before.join(r.before)
		again.during.join(r.during)
		again.loads = append(again.loads, r.loads...)
		again.load = middle(again.loads)
		again.faults, again.chances = nil, 0
		s.judge(&again)
		r = again
	}
	return r, err
}

// middle is the median; of two, the larger.
func middle(loads []float64) float64 { return slices.Sorted(slices.Values(loads))[len(loads)/2] }

// tryOnce runs one program.
func (s *stage) tryOnce(ctx context.Context, p program) (row, error) {
	r := row{program: p}
	s.runs++
	tenant := strings.ReplaceAll(p.name, "_", "-") + fmt.Sprint("-", s.runs)
	if _, err := s.must(ctx, http.StatusCreated, "", "POST", "/api/v1/subtenants", map[string]any{"subtenant_id": tenant}); err != nil {
		return r, err
	}
	if _, err := s.must(ctx, http.StatusOK, "", "PUT", "/api/v1/subtenants/"+tenant, map[string]any{"lane": s.opts.lane}); err != nil {
		return r, err
	}
	stored, err := s.store(ctx, tenant, p)
	if err != nil {
		return r, err
	}
	body, err := s.bodyOf(p) // not while the neighbour is measured, whose calls come from this process too
	if err != nil {
		return r, err
	}
	logged := s.logSize()
	// Reading how much memory processes share stops their page faults for a while: it is done while no
	// call of the neighbour is measured.
	heldBefore := takeSample().memory()
	pause(ctx, calmed)
	idle := takeSample()
	from := time.Now()
	pause(ctx, watched)
	ready := takeSample()
	began := time.Now()
	r.before = s.neighbour.between(from, began)
	served := s.neighbour.pid()

	kept := s.kept()
	watch, unwatch := context.WithCancel(ctx)
	var guard sync.WaitGroup
	guard.Go(func() { r.killed = s.guard(watch) })
	var answers []answer
	var failures []error
	if stored == nil {
		answers, failures = s.call(ctx, tenant, p, body)
	} else {
		answers, failures = []answer{*stored}, []error{nil}
	}
	r.took = time.Since(began)
	pause(ctx, settled)
	rested := takeSample()
	pause(ctx, lookAround)
	after := takeSample()
	measured := time.Now()
	r.load = max(0, load(rested, after)-load(idle, ready))
	r.loads = []float64{r.load}
	r.held, r.threads = [2]int64{heldBefore, after.memory()}, [2]int{ready.threads, after.threads}
	var trackers []int
	for pid, name := range after.names {
		// A server that restarted, or that has a new child, has other numbers.
		if _, known := ready.names[pid]; known || name == "maestro" || name == "exe" {
			continue
		}
		if isTracker(pid) {
			trackers = append(trackers, pid)
		} else {
			r.left = append(r.left, name)
		}
	}
	slices.Sort(r.left)
	r.answered = summarise(&r, answers, failures)
	if !s.hasEnded() {
		s.readRecords(ctx, tenant, &r)
	}
	if !s.hasEnded() {
		r.health = s.state(ctx)
		s.remove(ctx, tenant)
		r.left = append(r.left, remaining(ctx, trackers)...)
	}
	r.during = s.neighbour.between(began, measured)
	if pid := s.neighbour.pid(); pid != served && pid != 0 || s.hasEnded() {
		r.restarts = "the server restarted"
		if s.hasEnded() {
			r.restarts = "the server ended: " + s.cmd.ProcessState.String()
		}
	}
	unwatch()
	guard.Wait()
	log := s.logSince(logged)
	r.logged = relevant(log, tenant)
	r.culprit = r.culprit || r.records != "none" && blames(log, tenant)
	r.shown = s.shown(p, tenant, append(texts(answers), log)...)
	if strings.Contains(log, plantedLine) {
		r.shown = "a line in the server's own output"
	}
	r.damaged = s.kept() != kept
	s.judge(&r)
	s.reap()
	return r, nil
}

// store stores the program as a function. A refusal is an answer, too.
func (s *stage) store(ctx context.Context, tenant string, p program) (*answer, error) {
	if p.attack != nil {
		return nil, nil
	}
	code := p.code
	if code == "" {
		code = "def case(input):\n    return None\n"
	}
	body := map[string]any{"name": "case", "code": code, "timeout_seconds": deadline.Seconds()}
	if p.schema != nil {
		body["input_schema"] = p.schema()
	}
	if p.output != nil {
		body["output_schema"] = p.output()
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	got, err := s.send(limited, tenant, "POST", "/api/v1/functions", body)
	switch {
	case err != nil:
		return nil, fmt.Errorf("store the program: %w", err)
	case got.status == http.StatusCreated:
		return nil, nil
	case got.status == http.StatusUnprocessableEntity:
		return &got, nil
	default:
		return nil, fmt.Errorf("store the program: %d %s", got.status, clip(string(got.body), 300))
	}
}

// bodyOf is the body of a program's calls.
func (s *stage) bodyOf(p program) (encoded, error) {
	var input any = map[string]any{"hole": s.hole.Addr().(*net.TCPAddr).Port, "data": s.data, "port": s.port}
	if p.variant.input != nil {
		input = p.variant.input()
	}
	return json.Marshal(map[string]any{"function_name": "case", "input_data": input})
}

// call makes the calls of a program, all at once, and waits for their answers.
func (s *stage) call(ctx context.Context, tenant string, p program, body encoded) ([]answer, []error) {
	if p.attack != nil {
		got, err := p.attack(ctx, s)
		return []answer{got}, []error{err}
	}
	n := max(1, p.calls)
	answers, failures := make([]answer, n), make([]error, n)
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var calls sync.WaitGroup
	for i := range n {
		calls.Go(func() {
			answers[i], failures[i] = s.send(limited, tenant, "POST", "/api/v1/executions", body)
		})
	}
	calls.Wait()
	return answers, failures
}

// guard kills the largest process of a server that takes too much memory, and
// returns at how many bytes it did.
func (s *stage) guard(ctx context.Context) int64 {
	free := freeMemory()
	for ctx.Err() == nil {
		// The processes are looked at only once memory has gone: reading /proc takes a while.
		if free-freeMemory() > s.opts.ceiling/2 {
			if pid, all := largest(); all > s.opts.ceiling {
				_ = syscall.Kill(pid, syscall.SIGKILL)
				return all
			}
		}
		pause(ctx, 100*time.Millisecond)
	}
	return 0
}

// summarise sets what the callers saw, and says whether all had an answer.
func summarise(r *row, answers []answer, failures []error) bool {
	counts := map[string]int{}
	var order []string
	all := true
	for i, a := range answers {
		said := fmt.Sprint(a.status)
		switch {
		case failures[i] != nil && a.status == 0:
			said, all = "no answer", false
		case a.status >= 300:
			said = strings.TrimSpace(fmt.Sprint(a.status, " ", a.code(), " ", a.errorType()))
		}
		if counts[said] == 0 {
			order = append(order, said)
		}
		counts[said]++
	}
	for i, said := range order {
		if counts[said] > 1 {
			order[i] = fmt.Sprint(counts[said], " × ", said)
		}
	}
	r.answers = strings.Join(order, ", ")
	return all
}

// readRecords sets what the records say.
func (s *stage) readRecords(ctx context.Context, tenant string, r *row) {
	if r.program.attack != nil {
		return
	}
	list, err := s.records(ctx, tenant)
	if err != nil {
		r.records = "unreadable: " + err.Error()
		return
	}
	counts := map[string]int{}
	var order []string
	for _, e := range list {
		said := strings.TrimSpace(e.Status + " " + e.ErrorType)
		if counts[said] == 0 {
			order = append(order, said)
		}
		counts[said]++
		r.culprit = r.culprit || e.Status == "crashed"
	}
	r.records = strings.Join(order, ", ")
	if len(list) == 0 {
		r.records = "none"
	}
}

// state reads the parts of /health that tell what a program left behind.
func (s *stage) state(ctx context.Context) string {
	limited, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	got, err := s.send(limited, "", "GET", "/health", nil)
	if err != nil {
		return "no answer"
	}
	return healthWords(got.body)
}

// remove deletes the subtenant, so that what it left behind is not counted for
// the next one. It may be refused while something of it is stuck.
func (s *stage) remove(ctx context.Context, tenant string) {
	limited, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_, _ = s.send(limited, "", "DELETE", "/api/v1/subtenants/"+tenant, nil)
}

func (s *stage) logSize() int64 {
	info, err := s.log.Stat()
	if err != nil {
		return 0
	}
	return info.Size()
}

// logSince is the server's output since a size, at most 4 MB of it.
func (s *stage) logSince(size int64) string {
	text, _ := io.ReadAll(io.NewSectionReader(s.log, size, 4<<20))
	return string(text)
}

func texts(answers []answer) []string {
	var all []string
	for _, a := range answers {
		all = append(all, string(a.body))
	}
	return all
}
