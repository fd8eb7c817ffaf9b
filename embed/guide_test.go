package embed

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/embed/lanetest"
	"maestro/internal/model"
)

const guide = "../docs/functions.md"

// TestGuide runs every Python snippet of docs/functions.md. The snippets under
// one heading are the code of one subtenant; each is a stored function, named
// after its last def at the left margin, or a stored module where its first line
// is "# module NAME". Its comments say what it is called with and what comes of it:
//
//	# input: {"n": 1}     calls the function; "# request: …" gives it a webhook's input
//	# → {"n": 2}          the result as JSON, or the exception as "ValueError: text"
//	# log: f stdout: text  a line of the call's log; without any it has none
//	# limit: 100ms        the time that the next call may take
//	# input_schema: {"type": "object"}  the function takes objects only
//
// A snippet without a call must be run as a step of another, or imported. One
// that cannot be run has "<!-- not run: the reason -->" on the line before it.
func TestGuide(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	h := startPython(t, Options{Rails: &Rails{DataDir: data, MaxDisk: 64 << 20, Folder: func(section string) (string, string, error) {
		folder := filepath.Join(data, "files", url.PathEscape(section))
		return folder, folder + "/tmp", os.MkdirAll(folder+"/tmp", 0o700)
	}}})
	sections, err := readGuide(guide)
	require.NoError(t, err)
	require.NotEmpty(t, sections)
	for _, s := range sections {
		t.Run(s.heading, func(t *testing.T) {
			t.Parallel()
			s.check(t, h)
		})
	}
}

// TestGuideDemandsResults: a snippet of which nothing is checked is an error.
func TestGuideDemandsResults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, fault string }{
		{"```python\nx = 1\n```", "line 2: the snippet defines no function"},
		{"```python\ndef f(x):\n    return x\n# input: 1\n```", "the last call has no result"},
		{"```python\ndef f(x):\n    return x\n# → 1\n```", "a result without a call"},
		{"```python\ndef f(x):\n    return x\n# input: {\n# → 1\n```", "the input { is not JSON"},
		{"```python\ndef f(x):\n    return x", "the snippet has no end"},
		{"<!-- not run: -->\n```python\nx = 1\n```", "the snippet is not run for no reason"},
	} {
		_, err := parseGuide("## A\n" + c.text)
		require.ErrorContains(t, err, c.fault)
	}
	sections, err := parseGuide("## A\n<!-- not run: it needs a network -->\n```python\nx = 1\n```\n## B\n```python\ndef f(x):\n    return x\n```\n")
	require.NoError(t, err)
	require.Len(t, sections, 1, "a reason is enough")
	require.False(t, sections[0].snippets[0].shown(), "no call, and no other snippet that uses it")
}

// guideSection is what stands under one heading.
type guideSection struct {
	heading  string
	snippets []*guideSnippet
}

type guideSnippet struct {
	line     int
	name     string
	source   string
	isModule bool
	objects  bool // it takes objects only
	calls    []*guideCall

	used bool // by another snippet, as a step or an import
}

// guideCall is an example of a call, with what comes of it.
type guideCall struct {
	input   string
	request bool
	limit   time.Duration
	result  string
	log     []string
}

// shown reports whether something of the snippet has been checked.
func (s *guideSnippet) shown() bool { return len(s.calls) > 0 || s.used }

func readGuide(path string) ([]*guideSection, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseGuide(string(text))
}

// parseGuide returns the sections that have snippets to run.
func parseGuide(text string) (sections []*guideSection, err error) {
	section := &guideSection{}
	lines := strings.Split(text, "\n")
	for n := 0; n < len(lines); n++ {
		if strings.HasPrefix(lines[n], "#") {
			section = &guideSection{heading: strings.TrimSpace(strings.TrimLeft(lines[n], "#"))}
		}
		if lines[n] != "```python" {
			continue
		}
		length := slices.Index(lines[n:], "```")
		if length < 0 {
			return nil, fmt.Errorf("line %d: the snippet has no end", n+1)
		}
		if reason, found := strings.CutPrefix(lines[max(n-1, 0)], "<!-- not run:"); found {
			if strings.TrimSpace(strings.TrimSuffix(reason, "-->")) == "" {
				return nil, fmt.Errorf("line %d: the snippet is not run for no reason", n+1)
			}
		} else {
			snippet := &guideSnippet{line: n + 1}
			if err := snippet.parse(lines[n+1 : n+length]); err != nil {
				return nil, fmt.Errorf("line %d: %w", n+1, err)
			}
			if len(section.snippets) == 0 {
				sections = append(sections, section)
			}
			section.snippets = append(section.snippets, snippet)
		}
		n += length
	}
	return sections, nil
}

var (
	guideFunction = regexp.MustCompile(`^(?:async )?def (\w+)\(`)
	guideComment  = regexp.MustCompile(`^# (input:|request:|input_schema:|limit:|log:|→) ?(.*)$`)
)

func (s *guideSnippet) parse(lines []string) error {
	s.source = strings.Join(lines, "\n") + "\n"
	s.name, s.isModule = strings.CutPrefix(lines[0], "# module ")
	var call *guideCall
	var limit time.Duration
	for _, line := range lines {
		if found := guideFunction.FindStringSubmatch(line); found != nil && !s.isModule {
			s.name = found[1]
		}
		found := guideComment.FindStringSubmatch(line)
		if found == nil {
			continue
		}
		kind, text := found[1], found[2]
		switch kind {
		case "limit:":
			var err error
			if limit, err = time.ParseDuration(text); err != nil {
				return err
			}
		case "input_schema:":
			s.objects = text == `{"type": "object"}`
		case "input:", "request:":
			if !json.Valid([]byte(text)) {
				return fmt.Errorf("the input %s is not JSON", text)
			}
			call = &guideCall{input: text, request: kind == "request:", limit: limit}
			s.calls = append(s.calls, call)
			limit = 0
		case "log:", "→":
			if call == nil {
				return fmt.Errorf("a result without a call")
			}
			if kind == "log:" {
				call.log = append(call.log, text)
			} else {
				call.result += text // a long one has several lines
			}
		}
	}
	if s.name == "" || s.name == lines[0] {
		return fmt.Errorf("the snippet defines no function")
	}
	for _, call := range s.calls {
		if call.result == "" {
			return fmt.Errorf("the last call has no result")
		}
	}
	return nil
}

// guideEngine has the functions and modules of one section.
type guideEngine struct {
	*lanetest.Engine
	host     *Host
	mu       sync.Mutex
	snippets map[string]*guideSnippet
	modules  map[string]*model.Program
}

// guideRun is one call.
type guideRun struct {
	*lanetest.Run
	engine *guideEngine
}

func (e *guideEngine) use(name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if s := e.snippets[name]; s != nil {
		s.used = true
	}
}

// BeginStep implements model.Host.
func (r guideRun) BeginStep(parent model.StepRef, name string, input []byte) (model.Begun, *model.Raise) {
	r.engine.use(name)
	return r.Run.BeginStep(parent, name, input)
}

// Module implements model.Host.
func (r guideRun) Module(name string) (*model.Program, *model.Raise) {
	r.engine.use(name)
	return r.engine.modules[name], nil
}

// Secret implements model.Host.
func (r guideRun) Secret(step model.StepRef, name string) (string, *model.Raise) {
	if name == "API_KEY" {
		name = "KEY"
	}
	return r.Run.Secret(step, name)
}

// Spawn implements model.Host.
func (r guideRun) Spawn(name string, input []byte, delay time.Duration) (model.ID, *model.Raise) {
	if _, raise := r.Lookup(name); raise != nil {
		return model.ID{}, raise
	}
	r.engine.use(name)
	return r.Run.Spawn(name, input, delay)
}

func (s *guideSection) check(t *testing.T, h *Host) {
	e := &guideEngine{
		Engine:   lanetest.NewEngine(h, h, "guide: "+s.heading),
		host:     h,
		snippets: map[string]*guideSnippet{},
		modules:  map[string]*model.Program{},
	}
	for _, snippet := range s.snippets {
		require.NotContains(t, e.snippets, snippet.name, "%s:%d: the name is taken in this section", guide, snippet.line)
		e.snippets[snippet.name] = snippet
		if snippet.isModule {
			program, err := h.CompileModule(t.Context(), snippet.name, 1, snippet.source)
			require.NoError(t, err, "%s:%d", guide, snippet.line)
			e.modules[snippet.name] = program
		} else {
			e.Define(t, snippet.name, snippet.source)
		}
		if snippet.objects {
			e.ObjectsOnly = append(e.ObjectsOnly, snippet.name)
		}
	}
	for _, snippet := range s.snippets {
		for _, call := range snippet.calls {
			call.check(t, e, snippet)
		}
	}
	for _, snippet := range s.snippets {
		require.True(t, snippet.shown(), "%s:%d: nothing checks what %s does: add an input and its result", guide, snippet.line, snippet.name)
	}
}

func (c *guideCall) check(t *testing.T, e *guideEngine, s *guideSnippet) {
	t.Helper()
	where := fmt.Sprintf("%s:%d: %s(%s)", guide, s.line, s.name, c.input)
	run := guideRun{e.NewRun(s.name), e}
	limit := c.limit
	if limit == 0 {
		limit = time.Minute
	}
	outcome, err := e.host.Call(t.Context(), model.Call{
		Tenant: e.Tenant, Program: run.Function, Input: json.RawMessage(c.input), Request: c.request,
		Deadline: time.Now().Add(limit), Host: run,
	})
	require.NoError(t, err, where)
	if failure := outcome.Failure; failure != nil {
		require.Equal(t, c.result, strings.TrimSuffix(failure.Type+": "+failure.Message, ": "), "%s\n%s", where, failure.Traceback)
	} else {
		require.True(t, json.Valid([]byte(c.result)), "%s returned %s, and is to raise %s", where, outcome.Output, c.result)
		require.JSONEq(t, c.result, string(outcome.Output), where)
	}
	_, lines := run.Recorded()
	require.Equal(t, c.log, lines, where)
}
