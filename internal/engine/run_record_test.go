package engine

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// The caller gets the result of a run that has ended, even if its record is not
// in the database yet: an error would have the caller run it again.
func TestAnEndedRunIsAnsweredBeforeItsRecordIsCommitted(t *testing.T) {
	t.Parallel()
	for _, kept := range []model.Kept{model.Spooled, model.Unsaved} {
		b := setup(t)
		b.book.kept = kept
		result, err := b.run(t, "echo", `1`)
		require.NoError(t, err)
		require.Equal(t, kept, result.Kept)
		require.JSONEq(t, `1`, string(result.Output))
		_, err = b.run(t, "fails", `1`)
		require.Equal(t, model.CodeFunctionFailed, codeOf(t, err))
		require.Equal(t, kept, err.(*model.Error).Kept)
	}
}

func TestARunIsRefusedBeforeItBeginsWhenNothingCanBeRecorded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ran := false
	echo := b.lane.functions["echo"]
	b.lane.functions["echo"] = func(ctx context.Context, call model.Call, step model.StepRef, input json.RawMessage) (json.RawMessage, *model.Failure) {
		ran = true
		return echo(ctx, call, step, input)
	}
	b.book.refuses = model.NewError(model.CodeUnavailable, "Away.")
	_, err := b.run(t, "echo", `1`)
	require.Equal(t, model.CodeUnavailable, codeOf(t, err))
	require.Equal(t, "Away; nothing ran.", err.(*model.Error).Detail)
	require.False(t, ran)
	require.Empty(t, b.book.records)
}
