package main

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/folder"
)

// A folder can say all that the API takes: a member that a folder left out would
// get its default with each push.
func TestSettingsOfFoldersAreThoseOfTheAPI(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	var document struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					ReadOnly bool `json:"readOnly"`
				}
			}
		}
	}
	require.NoError(t, c.send("GET", "/openapi.json", nil).into(&document))
	for kind, component := range map[folder.Kind]string{folder.Function: "ApplyFunction", folder.Webhook: "ApplyWebhook", folder.Schedule: "ApplySchedule"} {
		var taken []string
		for name, property := range document.Components.Schemas[component].Properties {
			// A folder has a schema derived by leaving it out.
			implied := name == "base" || kind == folder.Function && (name == "name" || name == "code" || name == "derived_schemas") || kind != folder.Function && name == "function_name"
			if !property.ReadOnly && !implied {
				taken = append(taken, name)
			}
		}
		slices.Sort(taken)
		require.Equal(t, taken, slices.Sorted(slices.Values(folder.Settings(kind))), component)
	}
}
