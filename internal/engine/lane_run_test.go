package engine

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit"
)

// The setting of a subtenant, its packages and the server's setting choose the lane
// of its next call, which the record names.
func TestLaneOfACall(t *testing.T) {
	t.Parallel()
	b, s := setupPackages(t)
	b.lane.functions["where"] = func(_ context.Context, call model.Call, _ model.StepRef, _ json.RawMessage) (json.RawMessage, *model.Failure) {
		lane, _ := json.Marshal(call.Lane)
		return lane, nil
	}
	b.define(t, "where", model.Function{Code: "where"})
	where := func(want model.LaneName) {
		t.Helper()
		result, err := b.run(t, "where", `1`)
		require.NoError(t, err)
		require.Equal(t, `"`+string(want)+`"`, string(result.Output))
		b.book.mu.Lock()
		defer b.book.mu.Unlock()
		require.Equal(t, want, b.book.records[len(b.book.records)-1].Execution.Lane)
	}
	set := func(lane model.LaneName) {
		t.Helper()
		_, err := b.db.UpdateSubtenant(t.Context(), "acme", func(t *model.Subtenant) error {
			t.Lane = lane
			return nil
		})
		require.NoError(t, err)
		b.PackagesChanged("acme")
	}
	install := func(number int, needs string) {
		t.Helper()
		s.with(func() { s.ready[number] = true })
		lock := lockOf("numpy==1", "httpx=="+string(rune('0'+number)))
		lock[0].NeedsProcess = needs
		b.install(t, lock)
		b.PackagesChanged("acme")
	}
	where(model.LaneEmbedded)
	set(model.LaneProcess)
	where(model.LaneProcess)
	set(model.LaneAuto)
	where(model.LaneEmbedded)
	install(1, "numpy refuses")
	where(model.LaneProcess)
	set(model.LaneEmbedded)
	where(model.LaneEmbedded)
	set(model.LaneAuto)
	where(model.LaneProcess)
	install(2, "")
	where(model.LaneEmbedded)

	b.Engine = New(Options{
		Store: b.db, Secrets: b.secrets, Recorder: b.book, Events: b.book, Lane: b.lane, Packages: s, Log: testkit.Logger(t), DefaultLane: model.LaneProcess,
	})
	t.Cleanup(func() { b.Drain(context.Background()) })
	where(model.LaneProcess)
}

// A setting applies to the next call, even while newer packages are being built.
func TestLaneWhilePackagesAreBuilt(t *testing.T) {
	t.Parallel()
	b, s := setupPackages(t)
	b.lane.functions["where"] = func(_ context.Context, call model.Call, _ model.StepRef, _ json.RawMessage) (json.RawMessage, *model.Failure) {
		lane, _ := json.Marshal(call.Lane)
		return lane, nil
	}
	b.define(t, "where", model.Function{Code: "where"})
	where := func() string {
		t.Helper()
		result, err := b.run(t, "where", `1`)
		require.NoError(t, err)
		return string(result.Output)
	}
	require.Equal(t, `"embedded"`, where())
	s.with(func() { s.release[1] = make(chan struct{}) }) // the build ends with the test
	lock := lockOf("numpy==1")
	lock[0].NeedsProcess = "numpy refuses"
	b.install(t, lock)
	b.PackagesChanged("acme")
	require.Equal(t, `"embedded"`, where(), "with the packages of before")
	_, err := b.db.UpdateSubtenant(t.Context(), "acme", func(t *model.Subtenant) error {
		t.Lane = model.LaneProcess
		return nil
	})
	require.NoError(t, err)
	b.PackagesChanged("acme")
	require.Equal(t, `"process"`, where())
}
