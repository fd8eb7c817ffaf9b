package calltree

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

func TestOutcomesThatNoHonestChildReports(t *testing.T) {
	t.Parallel()
	failure := func(kind model.FailureKind) *model.Failure {
		return &model.Failure{Kind: kind, Problems: []model.Problem{{Message: "x"}}}
	}
	for name, o := range map[string]model.Outcome{
		"neither output nor failure": {},
		"half a value":               {Output: []byte(`{"a":`)},
		"two values":                 {Output: []byte(`1 2`)},
		"no UTF-8":                   {Output: []byte("\"\xff\"")},
		"a failure of no kind":       {Failure: failure(0)},
		"a stop of the server":       {Failure: failure(model.FailureStopped)},
		"the end of its process":     {Failure: failure(model.FailureProcess)},
		"lines below none":           {Output: []byte(`1`), Omitted: model.Omission{Lines: -1}},
	} {
		require.Error(t, CheckOutcome(&o), name)
	}
	for _, code := range []model.Code{model.CodeUnauthorized, "", "x"} {
		require.Error(t, CheckRefusal(code, 0))
	}
	require.Error(t, CheckRefusal(model.CodeUnavailable, -1))
	require.Error(t, CheckRefusal(model.CodeUnavailable, 1<<62))
	require.NoError(t, CheckRefusal(model.CodeTooManyRequests, time.Second))
	require.NoError(t, CheckOutcome(&model.Outcome{Output: []byte(` {"a": 1} `)}))
	fails := model.Outcome{Failure: failure(model.FailureException)}
	require.NoError(t, CheckOutcome(&fails))
	require.Empty(t, fails.Failure.Problems, "they would be shown to callers as the engine's own")
}
