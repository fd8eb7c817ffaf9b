package schema

import (
	"context"
	"encoding/json"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Long validations leave a processor to the rest of the process, however many there are.
func TestLongValidationsTakeTurns(t *testing.T) {
	s, err := Compile(json.RawMessage(chain(40, "allOf", `{"minimum":0}`)))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error)
	const count = 4
	for range count {
		go func() {
			_, err := s.Validate(ctx, noDeadline, []byte("1"))
			over <- err
		}()
	}
	for len(turns) < cap(turns) {
		runtime.Gosched()
	}
	_, err = s.Validate(t.Context(), time.Now().Add(20*time.Millisecond), []byte("1"))
	require.ErrorIs(t, err, ErrDeadline, "one that waits for its turn ends, too")
	cancel()
	for range count {
		require.ErrorIs(t, <-over, ErrDeadline)
	}
	require.Zero(t, len(turns), "each gives its turn back")
}

// A validation that takes no longer than a turn needs none.
func TestShortValidationsNeedNoTurn(t *testing.T) {
	for range cap(turns) {
		turns <- struct{}{}
	}
	defer func() {
		for range cap(turns) {
			<-turns
		}
	}()
	s, err := Compile(json.RawMessage(`{"items":{"not":{"enum":["x","y"]}}}`))
	require.NoError(t, err)
	problems, err := s.Validate(t.Context(), noDeadline, []byte(`[`+joined(500, plainItem)+`]`))
	require.NoError(t, err)
	require.Empty(t, problems)
}
