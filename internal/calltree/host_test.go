package calltree

import (
	"encoding/json"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// notes is a Link that answers from maps, and keeps the reports.
type notes struct {
	model.Services
	model.SecretSource
	mu        sync.Mutex // guards what follows
	functions map[string]model.Resolved
	modules   map[string]model.Resolved
	names     model.ResolvedNames
	asked     []string
	began     []model.StepBegan
	ended     []model.StepEnded
}

func (n *notes) Resolve(name string) (model.Resolved, *model.Raise) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked = append(n.asked, name)
	if found, ok := n.functions[name]; ok {
		return found, nil
	}
	return model.Resolved{}, NotDefined(name)
}

func (n *notes) ResolveModule(name string) (model.Resolved, *model.Raise) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked = append(n.asked, "module "+name)
	return n.modules[name], nil
}

func (n *notes) ResolveNames() model.ResolvedNames {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked = append(n.asked, "names")
	return n.names
}

func (n *notes) HandOver() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked = append(n.asked, "hand over")
}

func (n *notes) StepBegan(began model.StepBegan) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.began = append(n.began, began)
}

func (n *notes) StepEnded(ended model.StepEnded) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ended = append(n.ended, ended)
}

func (n *notes) Line(model.StepRef, model.LogLine) {}

func (n *notes) taken() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	asked := n.asked
	n.asked = nil
	return asked
}

func program(name string, version int) *model.Program {
	return &model.Program{Key: uint64(version), Function: name, Version: version}
}

func newHost(t *testing.T, link Link, catalogue *Catalogue) *Host {
	t.Helper()
	frame := model.RunFrame{
		ExecutionID: model.NewID(), Subtenant: "acme", Trigger: model.TriggerManual, Attempt: 2, MaxSteps: 3, Span: model.Span{Trace: [16]byte{1}, ID: [8]byte{2}, Flags: 1},
		Deadline: time.Now().Add(time.Minute), Generation: 7, Changes: 1,
	}
	return New(t.Context(), frame, program("outer", 4), link, catalogue)
}

func TestCatalogueUntilAChange(t *testing.T) {
	t.Parallel()
	link := &notes{
		functions: map[string]model.Resolved{"f": {Program: program("f", 1), AsOf: 1}, "old": {Program: program("old", 3), AsOf: 1, OfRun: true}},
		modules:   map[string]model.Resolved{"m": {Program: program("m", 2), AsOf: 1}, "none": {AsOf: 1}},
		names:     model.ResolvedNames{Names: []string{"f"}, Generation: 8, AsOf: 1},
	}
	catalogue := &Catalogue{}
	h, other := newHost(t, link, catalogue), newHost(t, link, catalogue)
	for range 3 {
		for _, host := range []*Host{h, other} {
			found, raise := host.Lookup("f")
			require.Nil(t, raise)
			require.Equal(t, 1, found.Version)
			module, raise := host.Module("m")
			require.Nil(t, raise)
			require.Equal(t, 2, module.Version)
			module, raise = host.Module("none")
			require.Nil(t, raise)
			require.Nil(t, module)
			require.EqualValues(t, 7, host.Generation(), "that of the frame")
		}
	}
	require.Equal(t, []string{"f", "module m", "module none"}, link.taken())

	for range 2 {
		_, raise := h.Lookup("old")
		require.Nil(t, raise)
		_, raise = other.Lookup("old")
		require.Nil(t, raise)
		_, raise = h.Lookup("missing")
		require.Equal(t, NotDefined("missing"), raise)
	}
	require.Equal(t, []string{"old", "old", "missing", "missing"}, link.taken(), "what holds for one run is asked by each, and a missing name always")

	catalogue.Changed(2)
	for range 2 { // the answers do not include the change yet
		_, raise := h.Lookup("f")
		require.Nil(t, raise)
		require.EqualValues(t, 8, h.Generation())
	}
	require.Equal(t, []string{"f", "names", "f", "names"}, link.taken())
	link.functions["f"] = model.Resolved{Program: program("f", 5), AsOf: 2}
	link.names = model.ResolvedNames{Names: []string{"f"}, Generation: 9, AsOf: 2}
	catalogue.Changed(1) // late
	for range 2 {
		found, raise := h.Lookup("f")
		require.Nil(t, raise)
		require.Equal(t, 5, found.Version)
		require.EqualValues(t, 9, h.Generation())
	}
	require.Equal(t, []string{"f", "names"}, link.taken())
	catalogue.Changed(3)
	delete(link.functions, "f")
	_, raise := h.Lookup("f")
	require.Equal(t, NotDefined("f"), raise)
}

// TestSchemasAreCompiledOnce: an answer with the same key is the function that is known.
func TestSchemasAreCompiledOnce(t *testing.T) {
	t.Parallel()
	link := &notes{functions: map[string]model.Resolved{"f": {Program: program("f", 1), Input: json.RawMessage(`{"type":"integer"}`), AsOf: 1}}}
	catalogue := &Catalogue{}
	h := newHost(t, link, catalogue)
	first, raise := h.Sibling("f")
	require.Nil(t, raise)
	catalogue.Changed(2)
	link.functions["f"] = model.Resolved{Program: program("f", 1), Input: json.RawMessage(`{"type":"integer"}`), AsOf: 2}
	again, raise := h.Sibling("f")
	require.Nil(t, raise)
	require.Same(t, first, again)
	catalogue.Changed(3)
	link.functions["f"] = model.Resolved{Program: program("f", 2), Input: json.RawMessage(`{"type":"no such"}`), AsOf: 3}
	_, raise = h.Sibling("f")
	require.Equal(t, NotLoaded("f"), raise)
}

func TestStepsOfAHost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		link := &notes{functions: map[string]model.Resolved{
			"f":      {Program: program("f", 1), AsOf: 1},
			"picky":  {Program: program("picky", 2), Input: json.RawMessage(`{"type":"integer"}`), Output: json.RawMessage(`{"type":"integer"}`), AsOf: 1},
			"strict": {Program: program("strict", 3), Input: json.RawMessage(`{"type":"integer"}`), AsOf: 1},
		}}
		h := newHost(t, link, &Catalogue{})
		begun, raise := h.BeginStep(0, "f", []byte(`1`))
		require.Nil(t, raise)
		require.EqualValues(t, 1, begun.Step)
		time.Sleep(time.Second)
		inner, raise := h.BeginStep(1, "picky", []byte(`1`))
		require.Nil(t, raise)
		require.Equal(t, model.CallInfo{
			ExecutionID: h.frame.ExecutionID, StepID: model.StepID(h.frame.ExecutionID, 2, 2), Function: "picky", Version: 2, Subtenant: "acme",
			Trigger: model.TriggerManual, Attempt: 2, Deadline: h.frame.Deadline.UTC(), TraceParent: h.frame.Span.TraceParent(2),
		}, h.Info(inner.Step))
		require.Equal(t, "00-01000000000000000000000000000000-0200000000000000-01", h.Info(0).TraceParent)
		require.Equal(t, "outer", h.Info(0).Function)
		time.Sleep(time.Second)
		raise = h.EndStep(inner.Step, []byte(`"x"`), nil)
		require.Equal(t, model.RaiseOutput, raise.Kind)
		require.Equal(t, Over, h.EndStep(inner.Step, []byte(`1`), nil), "it has ended")
		_, raise = h.BeginStep(1, "strict", []byte(`"x"`))
		require.Equal(t, model.RaiseInput, raise.Kind)
		_, raise = h.BeginStep(0, "f", []byte(`1`))
		require.Equal(t, model.RaiseEngine, raise.Kind)
		require.Contains(t, raise.Message, "at most 3 sibling calls (MAX_STEPS)")
		h.Close()
		require.Equal(t, Over, h.EndStep(begun.Step, []byte(`1`), nil))
		_, raise = h.BeginStep(0, "f", []byte(`1`))
		require.Equal(t, Over, raise)

		require.Len(t, link.began, 3)
		require.Equal(t, time.Second, link.began[1].Started.Sub(link.began[0].Started))
		require.EqualValues(t, 1, link.began[1].Parent)
		require.Len(t, link.ended, 2)
		require.Equal(t, time.Second, link.ended[0].Duration)
		require.Equal(t, model.ErrorOutputInvalid, link.ended[0].Failure.Type)
		require.Nil(t, link.ended[0].Output)
		require.Equal(t, model.ErrorInputInvalid, link.ended[1].Failure.Type)
	})
}

// TestARunThatKeepsToAFormerFunction: another run has been told of the present one, and
// both calls of the child go on with their own, without asking each time.
func TestARunThatKeepsToAFormerFunction(t *testing.T) {
	t.Parallel()
	link := &notes{functions: map[string]model.Resolved{"f": {Program: program("f", 1), AsOf: 1}}}
	catalogue := &Catalogue{}
	version := func(h *Host) int {
		found, raise := h.Lookup("f")
		require.Nil(t, raise)
		return found.Version
	}
	former := newHost(t, link, catalogue)
	require.Equal(t, 1, version(former))
	catalogue.Changed(2)
	link.functions["f"] = model.Resolved{Program: program("f", 2), AsOf: 2}
	later := newHost(t, link, catalogue)
	later.frame.Changes = 2
	require.Equal(t, 2, version(later))
	link.functions["f"] = model.Resolved{Program: program("f", 1), AsOf: 2, OfRun: true}
	link.taken()
	for range 3 {
		require.Equal(t, 1, version(former))
		require.Equal(t, 2, version(later))
	}
	require.Equal(t, []string{"f"}, link.taken())
}
