package engine

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// reading is a script that reads a secret, prints and returns it, and fails or not.
func reading(then func() *model.Failure) func(context.Context, model.Call, model.StepRef, json.RawMessage) (json.RawMessage, *model.Failure) {
	return func(_ context.Context, call model.Call, step model.StepRef, _ json.RawMessage) (json.RawMessage, *model.Failure) {
		value, raise := call.Host.Secret(step, "KEY")
		if raise != nil {
			return nil, &model.Failure{Kind: model.FailureException, Type: "SecretNotFound", Message: raise.Message}
		}
		call.Host.Log(step, model.LogLine{Text: "it is " + value, Fields: json.RawMessage(`{"key":"` + value + `"}`)})
		if failure := then(); failure != nil {
			return nil, failure
		}
		return json.RawMessage(`{"key":"` + value + `"}`), nil
	}
}

func (b *bundle) everything() string {
	b.book.mu.Lock()
	defer b.book.mu.Unlock()
	all, err := json.Marshal([]any{b.book.records, b.book.events, b.book.running})
	if err != nil {
		panic(err)
	}
	return string(all)
}

func TestASecretIsReadAndShownNowhere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const value = "swordfish-5678"
	b.lane.functions["reads"] = reading(func() *model.Failure { return nil })
	b.lane.functions["tells"] = reading(func() *model.Failure {
		return &model.Failure{Kind: model.FailureException, Type: "Error" + value, Message: "no " + value, Traceback: "Traceback: " + value}
	})
	b.define(t, "reads", model.Function{Code: "reads"})
	b.define(t, "tells", model.Function{Code: "tells"})
	b.define(t, "picky", model.Function{Code: "echo", InputSchema: json.RawMessage(`{"properties":{"swordfish-5678":{"const":"x"}}}`)})

	_, err := b.run(t, "reads", `{}`)
	require.Equal(t, model.CodeFunctionFailed, codeOf(t, err))
	require.ErrorContains(t, err, "there is no secret named 'KEY'")

	require.NoError(t, b.secrets.Put(t.Context(), "acme", "KEY", value))
	result, err := b.run(t, "reads", `{"sent":"swordfish-5678"}`)
	require.NoError(t, err)
	require.JSONEq(t, `{"key":"`+value+`"}`, string(result.Output), "the caller gets the value itself")
	execution := b.book.last().Execution
	require.JSONEq(t, `{"sent":"***"}`, string(execution.Input))
	require.JSONEq(t, `{"key":"***"}`, string(execution.Output))
	require.False(t, execution.RecordComplete)

	_, err = b.run(t, "tells", `1`)
	require.NotContains(t, err.Error(), value)
	require.Contains(t, err.Error(), "no ***")
	_, err = b.run(t, "picky", `{"swordfish-5678":"y"}`)
	require.Equal(t, model.CodeInputInvalid, codeOf(t, err))
	failed, _ := json.Marshal(err)
	require.NotContains(t, string(failed), value)
	require.NotContains(t, b.everything(), value)

	_, err = b.run(t, "echo", `"swordfish-567"`)
	require.NoError(t, err)
	require.True(t, b.book.last().Execution.RecordComplete, "nothing of it was a secret")
}

func TestSecretsThatChangeDuringARun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.opts.RunningAfter = time.Hour // or a slow machine notes the run before the secret is stored, with the input in clear
	const stored, read = "stored-under-way", "read-and-deleted"
	b.lane.functions["reads"] = reading(func() *model.Failure {
		require.NoError(t, b.secrets.Put(context.Background(), "acme", "NEW", stored))
		require.NoError(t, b.secrets.Delete(context.Background(), "acme", "KEY"))
		return &model.Failure{Kind: model.FailureException, Type: "ValueError", Message: stored + " and " + read}
	})
	b.define(t, "reads", model.Function{Code: "reads"})
	require.NoError(t, b.secrets.Put(t.Context(), "acme", "KEY", read))
	_, err := b.run(t, "reads", `"`+stored+`"`)
	require.ErrorContains(t, err, "*** and ***")
	require.NotContains(t, b.everything(), stored)
	require.NotContains(t, b.everything(), read)
}

func TestNoHalfOfASecretIsLeftAtACut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const value = "swordfish-5678"
	require.NoError(t, b.secrets.Put(t.Context(), "acme", "KEY", value))
	for offset := 1010; offset < 1030; offset++ { // a cut value shows its first 1024 bytes
		_, err := b.run(t, "calls", `"`+strings.Repeat("x", offset-1)+value+strings.Repeat("x", 256<<10)+`"`)
		require.NoError(t, err)
	}
	require.NotContains(t, b.everything(), "xswo")
}
