package events

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// collect reads from a viewer until it has seen a line.
func collect(tb testing.TB, v *Viewer, until string) []string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	var got []string
	for {
		entries, err := v.Next(ctx)
		require.NoError(tb, err, "after %d lines", len(got))
		require.NotEmpty(tb, entries)
		got = append(got, texts(entries)...)
		if got[len(got)-1] == until {
			return got
		}
	}
}

func follow(tb testing.TB, bus *Bus, id model.ID, after string) *Viewer {
	tb.Helper()
	v, err := bus.Follow("default", id, after)
	require.NoError(tb, err)
	tb.Cleanup(v.Close)
	return v
}

// goLive lets a viewer that has been given everything join the fan-out.
func goLive(tb testing.TB, v *Viewer) {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	waited := make(chan error, 1)
	go func() { _, err := v.Next(ctx); waited <- err }()
	fanout := v.bus.fanout
	require.Eventually(tb, func() bool {
		fanout.mu.Lock()
		defer fanout.mu.Unlock()
		log := fanout.logs[streamKey(v.id)]
		return log[v] != nil
	}, patience, 5*time.Millisecond)
	cancel()
	require.ErrorIs(tb, <-waited, context.Canceled)
}

func numbered(from, to int) []string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprint(i))
	}
	return out
}

func TestViewersSeeEveryLineOnceAndInOrder(t *testing.T) {
	t.Parallel()
	forEachRedis(t, func(t *testing.T, newBus func(Options) *Bus) {
		bus := newBus(Options{})
		require.NoError(t, bus.Start(t.Context()))
		id, other := model.NewID(), model.NewID()
		const early, all = 300, 3000 // more than a page, more than a portion
		for _, text := range numbered(0, early) {
			bus.Publish(line(id, text))
		}
		begun, _, err := bus.Read(t.Context(), id, "", 100)
		require.NoError(t, err)

		var wait sync.WaitGroup
		seen := make([][]string, 6)
		joined := make(chan struct{}, len(seen))
		for i := range seen {
			after := ""
			if i%2 == 1 {
				after = begun[99].ID
			}
			v := follow(t, bus, id, after)
			wait.Go(func() {
				first, err := v.Page(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				joined <- struct{}{}
				seen[i] = append(texts(first), collect(t, v, fmt.Sprint(all-1))...)
			})
		}
		stranger := follow(t, bus, other, "")
		for range len(seen) / 2 { // some catch up while more comes, some later than others
			<-joined
		}
		for _, text := range numbered(early, all) {
			bus.Publish(line(id, text))
		}
		bus.Publish(line(other, "end"))
		wait.Wait()
		for i := range seen {
			require.Equal(t, numbered(i%2*100, all), seen[i], "viewer %d", i)
		}
		require.Equal(t, []string{"end"}, collect(t, stranger, "end"))
	})
}

// A viewer that does not read is dropped from the fan-out, delays no other
// waiting, and finds everything when it reads on.
func TestSlowViewerCatchesUp(t *testing.T) {
	t.Parallel()
	forEachRedis(t, func(t *testing.T, newBus func(Options) *Bus) {
		bus := newBus(Options{})
		require.NoError(t, bus.Start(t.Context()))
		id := model.NewID()
		slow, quick := follow(t, bus, id, ""), follow(t, bus, id, "")
		bus.Publish(line(id, "0"))
		for _, v := range []*Viewer{slow, quick} {
			require.Equal(t, []string{"0"}, collect(t, v, "0"))
		}
		goLive(t, slow)
		const all = 5 * feedLength * fanoutCount
		for _, text := range numbered(1, all) {
			bus.Publish(line(id, text))
		}
		require.Equal(t, numbered(1, all), collect(t, quick, fmt.Sprint(all-1)))
		require.Eventually(t, func() bool {
			bus.fanout.mu.Lock()
			defer bus.fanout.mu.Unlock()
			log := bus.fanout.logs[streamKey(id)]
			return log[slow] == nil
		}, patience, 5*time.Millisecond, "the slow one was dropped")
		require.Equal(t, numbered(1, all), collect(t, slow, fmt.Sprint(all-1)))
	})
}

func TestFanoutRunsOnlyForViewers(t *testing.T) {
	t.Parallel()
	bus := closing(t, NewEmbedded(Options{}))
	require.NoError(t, bus.Start(t.Context()))
	id := model.NewID()
	for i := range 3 {
		v, err := bus.Follow("default", id, "")
		require.NoError(t, err)
		bus.Publish(line(id, fmt.Sprint(i)))
		collect(t, v, fmt.Sprint(i))
		goLive(t, v)
		bus.fanout.mu.Lock()
		running, done := bus.fanout.running, bus.fanout.done
		bus.fanout.mu.Unlock()
		require.True(t, running)
		v.Close()
		<-done
	}
	require.Zero(t, bus.fanout.count)
	require.Empty(t, bus.fanout.viewers)
	require.Empty(t, bus.fanout.logs)
}

func TestViewersAreLimited(t *testing.T) {
	t.Parallel()
	bus := closing(t, NewEmbedded(Options{MaxViewers: 3, TenantViewers: 2}))
	id := model.NewID()
	first := follow(t, bus, id, "")
	follow(t, bus, id, "")
	_, err := bus.Follow("default", id, "")
	require.Equal(t, model.CodeTooManyRequests, model.CodeOf(err))
	other, err := bus.Follow("other", id, "")
	require.NoError(t, err)
	t.Cleanup(other.Close)
	_, err = bus.Follow("third", id, "")
	require.Equal(t, model.CodeTooManyRequests, model.CodeOf(err))
	first.Close()
	again, err := bus.Follow("third", id, "")
	require.NoError(t, err)
	again.Close()
	_, err = bus.Follow("default", id, "soon")
	require.Equal(t, model.CodeInvalid, model.CodeOf(err))
}

func TestClosingTheBusEndsItsViewers(t *testing.T) {
	t.Parallel()
	bus := NewEmbedded(Options{})
	require.NoError(t, bus.Start(t.Context()))
	v, err := bus.Follow("default", model.NewID(), "")
	require.NoError(t, err)
	defer v.Close()
	ended := make(chan error, 1)
	go func() { _, err := v.Next(context.Background()); ended <- err }()
	require.Eventually(t, func() bool {
		bus.fanout.mu.Lock()
		defer bus.fanout.mu.Unlock()
		return len(bus.fanout.logs) == 1
	}, patience, 5*time.Millisecond)
	require.NoError(t, bus.Close(t.Context()))
	require.Equal(t, model.CodeUnavailable, model.CodeOf(<-ended))
	_, err = bus.Follow("default", model.NewID(), "")
	require.Equal(t, model.CodeUnavailable, model.CodeOf(err))
}
