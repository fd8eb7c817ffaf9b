package handlers

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// RequireKnownOperations fails when a table speaks of an operation that is
// not there.
func RequireKnownOperations(t *testing.T, known map[string]bool) {
	t.Helper()
	for id := range operationFailures {
		require.True(t, known[id], "operationFailures: %s", id)
	}
	for id := range requestExamples {
		require.True(t, known[id], "requestExamples: %s", id)
	}
	for id := range answerExamples {
		require.True(t, known[id], "answerExamples: %s", id)
	}
}
