package engine

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// update changes a function of which there is a version already.
func (b *bundle) update(t *testing.T, name string, change func(*model.Function)) {
	t.Helper()
	_, err := b.db.UpdateFunction(t.Context(), "acme", name, func(f *model.Function) error { change(f); return nil }, nil, nil, nil)
	require.NoError(t, err)
	b.FunctionsChanged("acme")
}

// recode gives a function another version.
func recode(f *model.Function) { f.OutputSchema = json.RawMessage(`{}`); f.Code += " " }

// programOf loads a function of the present state.
func (b *bundle) programOf(t *testing.T, name string) *model.Program {
	t.Helper()
	f, _, _, err := b.catalogue.seek(t.Context(), b.catalogue.shelf("acme"), name)
	require.NoError(t, err)
	return f.Program
}

// A run goes on with what its running code has imported: a function whose classes that
// code has is called as it was. Any other one is called as it is now.
func TestARunKeepsToWhatItHasImported(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.lane.imports = map[string][]string{"order": {"functions.reserve"}, "store": {"functions.reserve"}, "reserve": {"errors"}}
	b.define(t, "errors", model.Function{Code: "echo", Kind: model.KindModule})
	names := []string{"reserve", "gate", "store"}
	for _, name := range names {
		b.define(t, name, model.Function{Code: "echo"})
	}
	seen, goOn := make(chan []int), make(chan struct{})
	looks := func(_ context.Context, call model.Call, _ model.StepRef, input json.RawMessage) (json.RawMessage, *model.Failure) {
		for range 5 {
			var versions []int
			for _, name := range names {
				program, raise := call.Host.Lookup(name)
				if raise != nil {
					return nil, &model.Failure{Kind: model.FailureException, Message: raise.Message}
				}
				versions = append(versions, program.Version)
			}
			seen <- versions
			<-goOn
		}
		return input, nil
	}
	b.lane.functions["looks"] = looks
	for _, name := range []string{"order", "other"} {
		b.define(t, name, model.Function{Code: "looks"})
	}
	for _, run := range []struct {
		name string
		want [][]int
	}{
		{"other", [][]int{{1, 1, 1}, {2, 1, 1}, {2, 2, 1}, {2, 2, 2}, {2, 2, 2}}},
		{"order", [][]int{{2, 2, 2}, {2, 2, 2}, {2, 3, 2}, {2, 3, 2}, {2, 3, 2}}},
	} {
		done := make(chan error)
		go func() {
			_, err := b.run(t, run.name, `1`)
			done <- err
		}()
		for i, change := range []string{"reserve", "gate", "store", "errors", ""} {
			require.Equal(t, run.want[i], <-seen, "%s, before the change of %s", run.name, change)
			if change != "" {
				b.update(t, change, recode)
			}
			goOn <- struct{}{}
		}
		require.NoError(t, <-done)
	}
}

// A change of settings makes no new program: code that has imported classes of the function
// would catch those of another one.
func TestSettingsKeepTheProgram(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.lane.imports = map[string][]string{"order": {"functions.echo"}}
	b.define(t, "order", model.Function{Code: "calls"})
	first, importer := b.programOf(t, "echo"), b.programOf(t, "order")
	describe := func(f *model.Function) { text := *f; f.Description = &text.Code }
	for range 2 { // the second time it is not loaded
		b.update(t, "echo", describe)
		b.update(t, "echo", func(f *model.Function) { limit := 3.0; f.TimeoutSeconds = &limit })
	}
	require.Same(t, first, b.programOf(t, "echo"))
	require.Same(t, importer, b.programOf(t, "order"))
	f, _, err := b.catalogue.functionIn(t.Context(), "acme", "echo")
	require.NoError(t, err)
	require.EqualValues(t, 3e9, f.timeout, "the settings are the new ones")
	b.update(t, "echo", recode)
	require.NotSame(t, first, b.programOf(t, "echo"))
	require.NotSame(t, importer, b.programOf(t, "order"))
}

// An importer that is loading when a function changes may have the classes of before:
// calls after the change get another program.
func TestAnImporterThatLoadsDuringAChange(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.lane.imports = map[string][]string{"order": {"functions.echo"}}
	b.define(t, "order", model.Function{Code: "calls"})
	b.programOf(t, "echo")
	b.lane.compiling = make(chan chan struct{})
	loaded := make(chan *function)
	go func() {
		f, _, _, _ := b.catalogue.seek(context.Background(), b.catalogue.shelf("acme"), "order")
		loaded <- f
	}()
	goOn := <-b.lane.compiling
	b.update(t, "echo", recode)
	_, _, err := b.catalogue.present(t.Context(), b.catalogue.shelf("acme"))
	require.NoError(t, err)
	b.lane.compiling = nil
	close(goOn)
	before := <-loaded
	require.NotSame(t, before.Program, b.programOf(t, "order"))
}

// One that begins to load once the change is known is of the state after it.
func TestAnImporterThatLoadsAfterAChange(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.catalogue.shelf("acme")
	before, _, err := b.catalogue.present(t.Context(), s)
	require.NoError(t, err)
	b.update(t, "calls", recode)
	_, err = b.catalogue.load(t.Context(), s, before, before.functions["echo"])
	require.ErrorIs(t, err, errPast)
	f, now, err := b.catalogue.functionIn(t.Context(), "acme", "echo")
	require.NoError(t, err)
	require.Equal(t, now.sequence, f.sequence)
	require.Greater(t, now.sequence, before.sequence)
}
