package probe

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"maestro/internal/packages/child"
)

// Options of a probe. Those up to TempDir must be set.
type Options struct {
	Command []string // the child's program and its arguments; it reads a Request and calls embed.Probe
	Program *os.File // run instead of the file that Command names (child.Command.Program); may be nil
	Python  string   // runs the child's guard
	Home    string   // of the Python that the child loads
	TempDir string   // for its working folder
	Limits  Limits
	// Guarded has the guard limit the memory: the child needs no more than its imports
	// do. Otherwise it limits itself.
	Guarded bool
}

// Request is the child's standard input, as JSON.
type Request struct {
	Home     string   `json:"home"`
	Packages string   `json:"packages"` // the folder
	Modules  []string `json:"modules"`
	Memory   uint64   `json:"memory"` // bytes
}

// ReportFile is the child's file for its report, separate from the output of
// the modules.
const ReportFile = 3

// line is one line of the child's report (embed.ProbeLine).
type line struct {
	Module  string `json:"module"`
	Begins  bool   `json:"begins"`
	Type    string `json:"type"`
	Message string `json:"message"`
	Refuses bool   `json:"refuses"`
}

// Run imports modules, and then the extension modules inside them, in a child.
// The child's environment has none of the server's settings, and it is killed
// at its time limit. An error means that there is no finding.
func Run(ctx context.Context, opts Options, packages string, modules []Module) ([]Finding, error) {
	limits := opts.Limits.withDefaults()
	findings, names := listed(modules)
	request, err := json.Marshal(Request{Home: opts.Home, Packages: packages, Modules: names, Memory: limits.Memory})
	if err != nil {
		return nil, fmt.Errorf("probe packages: %w", err)
	}
	work, err := os.MkdirTemp(opts.TempDir, "probe-")
	if err != nil {
		return nil, fmt.Errorf("probe packages: %w", err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	report, told, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("probe packages: %w", err)
	}
	defer func() { _ = report.Close() }()
	said := &tail{}
	limited := child.Limits{Time: limits.Time + graceTime, Processor: 4 * limits.Time} // several threads use processor time faster than time passes
	if opts.Guarded {
		limited.Memory, limited.File = limits.Memory, mostFile
	}
	c := child.Command{
		Python: opts.Python, Args: opts.Command, Program: opts.Program,
		Dir: work, Env: append([]string{"HOME=" + work, "TMPDIR=" + work, "LANG=C.UTF-8", "PATH=/usr/bin:/bin"}, oneThread...),
		Stdin: bytes.NewReader(request), Stdout: said, Stderr: said, Report: told,
		Limits: limited,
	}
	timed, cancel := context.WithTimeout(ctx, limits.Time)
	defer cancel()
	read := make(chan *progress, 1)
	go func() { read <- readReport(report, findings) }()
	status, err := c.Run(timed)
	_ = told.Close()
	_ = report.SetReadDeadline(time.Now().Add(time.Second)) // another process may hold the other end
	p := <-read
	late := errors.Is(err, context.DeadlineExceeded)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case p.done == len(findings):
		return findings, nil
	case err != nil && !late:
		return nil, fmt.Errorf("probe packages: %w", err)
	}
	return p.endedEarly(findings, late, limits.Time, status, said.text())
}

// oneThread keeps libraries of linear algebra from memory for a thread of each
// processor, which on a large machine exceeds the limit.
var oneThread = []string{"OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1", "MKL_NUM_THREADS=1"}

// mostFile bounds, in bytes, each file that a module writes while it is imported.
const mostFile = 16 << 20

// graceTime is the time after the server's limit at which the guard ends the child.
const graceTime = 10 * time.Second

// endedEarly makes a finding of an end before that of the last import.
func (p *progress) endedEarly(findings []Finding, late bool, limit time.Duration, status child.Status, said string) ([]Finding, error) {
	switch {
	case late && p.begun == 0:
		findings[0].Kind, findings[0].Detail = TimedOut, limit.String()+"; the interpreter was not ready by then"
	case late:
		findings[p.done].Kind, findings[p.done].Detail = TimedOut, limit.String()
	case p.begun > p.done:
		findings[p.done].Kind, findings[p.done].Detail = Crashed, wayOut(status, said)
	case p.done > 0: // probably by a thread of the last module
		findings[p.done-1].Kind, findings[p.done-1].Detail = Crashed, "right after its import "+wayOut(status, said)
		return findings[:p.done], nil
	default:
		return nil, fmt.Errorf("probe packages: the child ended too early: %s: %s", wayOut(status, said), said)
	}
	return findings[:p.done+1], nil
}

// listed makes a finding of each import, those at the top first.
func listed(modules []Module) (findings []Finding, names []string) {
	for _, m := range modules {
		if m.Name != "" {
			findings = append(findings, Finding{Package: m.Package, Module: m.Name})
		}
	}
	for _, m := range modules {
		for _, extension := range m.Extensions {
			findings = append(findings, Finding{Package: m.Package, Module: extension, Inside: true})
		}
	}
	for _, f := range findings {
		names = append(names, f.Module)
	}
	return findings, names
}

// progress is how many imports have begun and ended.
type progress struct{ begun, done int }

// readReport fills in the findings in their order.
func readReport(report io.Reader, findings []Finding) *progress {
	p := &progress{}
	scanner := bufio.NewScanner(report)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var l line
		if json.Unmarshal(scanner.Bytes(), &l) != nil || p.done == len(findings) || l.Module != findings[p.done].Module {
			continue // not written by the child itself
		}
		if l.Begins {
			p.begun = p.done + 1
			continue
		}
		f := &findings[p.done]
		f.Kind, f.Detail = kindOf(l), strings.TrimSuffix(strings.TrimSpace(l.Type+": "+l.Message), ".")
		if l.Refuses {
			f.Detail = strings.TrimSuffix(l.Message, ".")
			if named := refuser.FindStringSubmatch(l.Message); named != nil {
				f.Refuser = named[1]
			}
		}
		p.done++
	}
	return p
}

// refuser finds the name in CPython's refusal, which packages quote (numpy).
var refuser = regexp.MustCompile(`\bmodule (\S+) does not support loading in subinterpreters`)

func kindOf(l line) Kind {
	switch {
	case l.Type == "":
		return OK
	case l.Refuses:
		return Refuses
	case l.Type == "MemoryError":
		return OutOfMemory
	default:
		return Failed
	}
}

// goSignal is the message of Go's runtime, which is part of the child, about a signal.
var goSignal = regexp.MustCompile(`SIG[A-Z]+: [a-z ]+`)

// wayOut describes how a process ended.
func wayOut(status child.Status, said string) string {
	if signal := goSignal.FindString(said); signal != "" {
		return "the process was ended by " + signal
	}
	if signal := status.Signal(); signal != 0 {
		return "the process was ended by the signal " + signal.String()
	}
	return fmt.Sprintf("the process ended with status %d", status)
}

// tail keeps the begin and the end of the data written to it.
type tail struct{ begin, end []byte }

// keeps is how many bytes of each are kept.
const keeps = 4096

func (t *tail) Write(text []byte) (int, error) {
	n := len(text)
	if room := keeps - len(t.begin); room > 0 {
		t.begin = append(t.begin, text[:min(room, n)]...)
		text = text[min(room, n):]
	}
	t.end = append(t.end, text...)
	if over := len(t.end) - keeps; over > 0 {
		t.end = t.end[over:]
	}
	return n, nil
}

func (t *tail) text() string { return strings.ToValidUTF8(string(t.begin)+string(t.end), "?") }
