package handlers_test

import "testing"

func TestParametersWithoutAValue(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, query := range []string{"until=", "limit=", "offset", "status=", "trigger_type=", "trigger_id=", "limit=5&since="} {
		f.must(ask{call: "GET /api/v1/executions?" + query, status: 422, want: []string{"/query/"}})
	}
	f.all([]ask{
		{name: "an empty text is one", call: "GET /api/v1/functions?q=&cursor=", status: 200},
		{name: "a truth value is not", call: "GET /api/v1/functions?active_only=", status: 422},
		{name: "nobody asked", call: "GET /api/v1/executions?nothing=", status: 200},
	})
}
