package handlers_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// The values of overlap and catch_up stand in internal/model; the API's schema
// lists the same ones.
func TestScheduleEnumsAreTheModels(t *testing.T) {
	t.Parallel()
	f := setup(t)
	var document struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					Enum []string `json:"enum"`
				} `json:"properties"`
			} `json:"schemas"`
		} `json:"components"`
	}
	require.NoError(t, json.Unmarshal([]byte(f.do(ask{call: "GET /openapi.json"}).text), &document))
	var overlaps, catchUps []string
	for _, value := range model.Overlaps {
		overlaps = append(overlaps, string(value))
	}
	for _, value := range model.CatchUps {
		catchUps = append(catchUps, string(value))
	}
	found := 0
	for name, schema := range document.Components.Schemas {
		if overlap, listed := schema.Properties["overlap"]; listed {
			found++
			require.Equal(t, overlaps, withoutNull(overlap.Enum), name)
			require.Equal(t, catchUps, withoutNull(schema.Properties["catch_up"].Enum), name)
		}
	}
	require.Positive(t, found)
}

// withoutNull leaves out the null by which a request asks for the default.
func withoutNull(enum []string) []string {
	return slices.DeleteFunc(enum, func(value string) bool { return value == "" })
}
