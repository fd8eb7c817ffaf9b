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
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// Request is what the child reads, as JSON, from its standard input.
type Request struct {
	Home     string   `json:"home"`
	Packages string   `json:"packages"` // the folder
	Modules  []string `json:"modules"`
	Memory   uint64   `json:"memory"` // bytes
}

// ReportFile is the child's file for its report; what modules print does not
// get there by accident.
const ReportFile = 3

// line is what the child reports (embed.ProbeLine).
type line struct {
	Module  string `json:"module"`
	Begins  bool   `json:"begins"`
	Type    string `json:"type"`
	Message string `json:"message"`
	Refuses bool   `json:"refuses"`
}

// Run imports modules, and then the extension modules inside them, in a child:
// command with the Request on its standard input. The child gets an environment
// without anything of the server's, and is killed at the end of its time. An
// error means that nothing was found out.
func Run(ctx context.Context, command []string, home, packages string, modules []Module, limits Limits) ([]Finding, error) {
	limits = limits.withDefaults()
	findings, names := listed(modules)
	request, err := json.Marshal(Request{Home: home, Packages: packages, Modules: names, Memory: limits.Memory})
	if err != nil {
		return nil, fmt.Errorf("probe packages: %w", err)
	}
	work, err := os.MkdirTemp("", "maestro-probe-")
	if err != nil {
		return nil, fmt.Errorf("probe packages: %w", err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	report, told, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("probe packages: %w", err)
	}
	defer func() { _ = report.Close() }()

	timed, cancel := context.WithTimeout(ctx, limits.Time)
	defer cancel()
	cmd := exec.CommandContext(timed, command[0], command[1:]...)
	cmd.Dir, cmd.Env = work, []string{"HOME=" + work, "TMPDIR=" + work, "LANG=C.UTF-8", "PATH=/usr/bin:/bin"}
	cmd.Stdin, cmd.ExtraFiles = bytes.NewReader(request), []*os.File{told}
	said := &tail{}
	cmd.Stdout, cmd.Stderr = said, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	err = cmd.Start()
	_ = told.Close()
	if err != nil {
		return nil, fmt.Errorf("probe packages: %w", err)
	}
	read := make(chan *progress, 1)
	go func() { read <- readReport(report, findings) }()
	err = cmd.Wait()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)     // what a module has started
	_ = report.SetReadDeadline(time.Now().Add(time.Second)) // somebody may have got hold of the other end
	p := <-read
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case p.done == len(findings):
		return findings, nil
	case p.begun == p.done:
		return nil, fmt.Errorf("probe packages: the child ended too early: %w: %s", orNothing(err), said.text())
	case timed.Err() != nil:
		findings[p.done].Kind, findings[p.done].Detail = TimedOut, limits.Time.String()
	default:
		findings[p.done].Kind, findings[p.done].Detail = Crashed, wayOut(cmd.ProcessState, said.text())
	}
	return findings[:p.done+1], nil
}

// listed makes a finding of each import, those at the top first.
func listed(modules []Module) (findings []Finding, names []string) {
	for _, m := range modules {
		findings = append(findings, Finding{Package: m.Package, Module: m.Name})
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

// readReport fills the findings in their order.
func readReport(report io.Reader, findings []Finding) *progress {
	p := &progress{}
	scanner := bufio.NewScanner(report)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var l line
		if json.Unmarshal(scanner.Bytes(), &l) != nil || p.done == len(findings) || l.Module != findings[p.done].Module {
			continue // not the child's own
		}
		if l.Begins {
			p.begun = p.done + 1
			continue
		}
		f := &findings[p.done]
		f.Kind, f.Detail = kindOf(l), strings.TrimSuffix(strings.TrimSpace(l.Type+": "+l.Message), ".")
		if l.Refuses {
			f.Detail = strings.TrimSuffix(l.Message, ".")
		}
		p.done++
	}
	return p
}

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

// goSignal is how Go's runtime, which is in the child too, tells of a signal.
var goSignal = regexp.MustCompile(`SIG[A-Z]+: [a-z ]+`)

// wayOut says how a process ended.
func wayOut(state *os.ProcessState, said string) string {
	if signal := goSignal.FindString(said); signal != "" {
		return "the process was ended by " + signal
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return "the process was ended by the signal " + status.Signal().String()
	}
	return fmt.Sprintf("the process ended with status %d", state.ExitCode())
}

func orNothing(err error) error {
	if err == nil {
		return errors.New("without an error")
	}
	return err
}

// tail keeps the beginning and the end of what is written to it.
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
