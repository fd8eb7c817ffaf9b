package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/schema"
)

// endless is a schema that takes years: each level asks the next one twice.
func endless() json.RawMessage {
	var defs []string
	for i := range 40 {
		next := fmt.Sprintf(`{"$ref":"#/$defs/d%d"}`, i+1)
		defs = append(defs, fmt.Sprintf(`"d%d":{"allOf":[%s,%s]}`, i, next, next))
	}
	return json.RawMessage(`{"$ref":"#/$defs/d0","$defs":{` + strings.Join(defs, ",") + `,"d40":{"minimum":0}}}`)
}

// Each validation of a run ends at the deadline, and is a timeout then. The deadline may come
// before the validation that is meant, on a busy machine: then there are fewer steps, and the
// function is given twice the time.
func TestADeadlineEndsEveryValidation(t *testing.T) {
	t.Parallel()
	b := setup(t)
	always := json.RawMessage(`true`)
	b.lane.functions["catches"] = func(ctx context.Context, call model.Call, step model.StepRef, input json.RawMessage) (json.RawMessage, *model.Failure) {
		_, raise := b.lane.sibling(ctx, call, step, string(input[1:len(input)-1]), "1")
		if raise == nil {
			return nil, &model.Failure{Kind: model.FailureException, Type: "AssertionError", Message: "the validation has passed"}
		}
		return input, nil
	}
	short := 0.05
	b.define(t, "input", model.Function{Code: "echo", TimeoutSeconds: &short, InputSchema: endless()})
	b.define(t, "output", model.Function{Code: "echo", TimeoutSeconds: &short, OutputSchema: endless()})
	cases := []struct {
		function, input string
		steps           int
	}{
		{"input", `1`, 0},
		{"output", `1`, 0},
		{"caller", `"input"`, 1},
		{"caller", `"output"`, 1},
	}
	for i, c := range cases {
		var record *model.Record
		for limit := short; ; limit *= 2 {
			name := c.function
			if name == "caller" {
				name = fmt.Sprintf("caller_%d_%d_ms", i, int(limit*1000))
				b.define(t, name, model.Function{Code: "catches", TimeoutSeconds: &limit, InputSchema: always})
			}
			_, err := b.run(t, name, c.input)
			require.Equal(t, model.CodeTimeout, codeOf(t, err), "%s %s", name, c.input)
			record = b.book.last()
			require.Equal(t, model.StatusTimedOut, record.Execution.Status)
			if len(record.Steps) == c.steps || limit > 30 {
				break
			}
		}
		require.Len(t, record.Steps, c.steps)
		for _, step := range record.Steps {
			require.Equal(t, model.StatusTimedOut, step.Status)
		}
	}
}

// Cancelling ends a validation, too.
func TestACancelEndsAValidation(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s, err := schema.Compile(endless())
	require.NoError(t, err)
	require.False(t, s.Accepts([]byte(`1`)))
	b.define(t, "input", model.Function{Code: "echo", InputSchema: endless()})
	answered := make(chan error, 1)
	go func() {
		_, err := b.run(t, "input", `1`)
		answered <- err
	}()
	<-b.book.noted
	asked, _ := b.Cancel("acme", b.book.running[0].ID)
	require.True(t, asked)
	require.Equal(t, model.CodeCancelled, codeOf(t, <-answered))
	require.Equal(t, model.StatusCancelled, b.book.last().Execution.Status)
}
