package handlers

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A client that reads an answer into types of its own writes the same value in
// its own way.
func TestServerOwnedMembersAreComparedByValue(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 31, 12, 30, 0, 123456000, time.UTC)
	whole := at.Truncate(time.Second)
	for _, c := range []struct {
		sent   string
		stored any
		same   bool
	}{
		{`"2026-01-31T12:30:00.123456Z"`, at, true},
		{`"2026-01-31T12:30:00.123456+00:00"`, at, true},
		{`"2026-01-31T13:30:00.123456+01:00"`, at, true},
		{`"2026-01-31T12:30:00.123Z"`, at, true},
		{`"2026-01-31T12:30:00.000Z"`, whole, true},
		{`"2026-01-31T12:30:00+00:00"`, whole, true},
		{`"2026-01-31T12:30:00Z"`, at, false},
		{`"2026-01-31T12:30:00.123457Z"`, at, false},
		{`"soon"`, at, false},
		{`null`, at, false},
		{`"a<b>&c"`, "a<b>&c", true},
		{`{"b": 1, "a": [2]}`, map[string]any{"a": []int{2}, "b": 1}, true},
		{`3`, 3, true},
		{`4`, 3, false},
		{`null`, nil, true},
	} {
		var o owned
		require.NoError(t, json.Unmarshal([]byte(c.sent), &o))
		if c.same {
			require.Empty(t, o.sameAs(c.stored, "/x"), "%s for %v", c.sent, c.stored)
		} else {
			require.NotEmpty(t, o.sameAs(c.stored, "/x"), "%s for %v", c.sent, c.stored)
		}
	}
}
