package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// The limits of a bounded program.
const (
	answerWithin = deadline + time.Second
	backWithin   = 500 * time.Millisecond // after a fault in C
	slower       = 2                      // times the neighbour's p99 before
	loadLimit    = 0.05                   // of one core
	growth       = 1.5                    // of memory
	growthFloor  = 64 << 20
)

// judge sets the faults of a row: none for a bounded program.
func (s *stage) judge(r *row) {
	fault := func(format string, args ...any) { r.faults = append(r.faults, fmt.Sprintf(format, args...)) }
	if r.killed > 0 {
		fault("killed at %d MB to protect the machine", r.killed>>20)
	}
	crashed := r.restarts != ""
	switch {
	case crashed && !r.fault:
		fault("%s", r.restarts)
	case crashed && r.during.gap > backWithin:
		fault("%s, no answer for %s", r.restarts, short(r.during.gap))
	case crashed && !r.culprit:
		fault("%s, and neither a record nor the log names the culprit", r.restarts)
	}
	excused := crashed && r.fault
	if !r.answered && !excused {
		fault("no answer")
	} else if r.took > answerWithin && r.attack == nil {
		fault("answered after %s", short(r.took))
	}
	if strings.HasPrefix(r.records, "unreadable") || r.health == "no answer" {
		fault("the server does not answer afterwards")
	}
	lost := r.during.lost
	if crashed && r.fault { // it takes the calls in progress with it
		lost -= r.during.cut
	}
	if lost > 0 {
		fault("the neighbour lost %d of %d calls: %s", lost, r.during.calls, clip(r.during.reason, 80))
	}
	if limit := max(s.opts.floor, slower*r.before.p99); r.during.p99 > limit && !excused {
		r.chances++
		fault("the neighbour's p99 rose from %s to %s", short(r.before.p99), short(r.during.p99))
	}
	if r.load >= loadLimit {
		r.chances++
		fault("%.0f %% of a core after the answer", r.load*100)
	}
	if r.held[1] > int64(growth*float64(r.held[0]))+growthFloor {
		fault("memory from %d to %d MB", r.held[0]>>20, r.held[1]>>20)
	}
	if len(r.left) > 0 {
		fault("left processes: %s", clip(strings.Join(r.left, " "), 80))
	}
	if r.damaged {
		fault("changed the server's files")
	}
	if r.shown != "" {
		fault("was shown %s", r.shown)
	}
}

// stopped says what stopped the program, by its answer and the server's log.
func (r row) stopped() string {
	switch {
	case r.restarts != "":
		return r.restarts
	case r.logged != "":
		return r.logged
	case strings.HasPrefix(r.answers, "422"):
		return "refused before a run"
	case strings.Contains(r.answers, "504"):
		return "its deadline"
	case strings.Contains(r.answers, "MemoryError"):
		return "its memory limit"
	case strings.Contains(r.answers, "function_failed"):
		return "an exception"
	default:
		return "its own end"
	}
}

func (r row) String() string {
	verdict := "bounded"
	if len(r.faults) > 0 {
		verdict = "NOT BOUNDED: " + strings.Join(r.faults, "; ")
	}
	return fmt.Sprintf("%-24s %s\n    %s in %s; caller %s; record %s; neighbour %s/%s → %s/%s, gap %s; CPU %.0f %%; %d → %d MB, %d → %d threads; %s",
		r.name, verdict, r.stopped(), short(r.took), r.answers, r.records, short(r.before.p50), short(r.before.p99),
		short(r.during.p50), short(r.during.p99), short(r.during.gap), r.load*100,
		r.held[0]>>20, r.held[1]>>20, r.threads[0], r.threads[1], r.health)
}

func short(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	default:
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	}
}

var message = regexp.MustCompile(`level=(?:WARN|ERROR) msg=(?:"((?:[^"\\]|\\.)*)"|(\S+))`)

// blames says whether the log names the program's function as what ended the server. That is where the run is
// named whose caller had its answer before the fault: its record is final.
func blames(log, tenant string) bool {
	for line := range strings.Lines(log) {
		if strings.Contains(line, "code of a function ended the server") && strings.Contains(line, " tenant="+tenant+" ") && strings.Contains(line, " function=case ") {
			return true
		}
	}
	return false
}

// relevant is the message of the first warning in the log that names the
// subtenant.
func relevant(log, tenant string) string {
	for line := range strings.Lines(log) {
		if found := message.FindStringSubmatch(line); found != nil && strings.Contains(line, tenant) {
			return found[1] + found[2]
		}
	}
	return ""
}

// healthWords are the figures of /health that are above zero because of
// what programs left behind.
func healthWords(body []byte) string {
	var health struct {
		Status string
		Checks map[string]struct{ Counts map[string]int }
	}
	if json.Unmarshal(body, &health) != nil {
		return "unreadable"
	}
	words := []string{health.Status}
	counts := health.Checks["python"].Counts
	for _, name := range []string{"threads_stuck", "interpreters_stuck", "interpreters_leaked"} {
		if counts[name] > 0 {
			words = append(words, fmt.Sprint(counts[name], " ", name))
		}
	}
	return strings.Join(words, ", ")
}
