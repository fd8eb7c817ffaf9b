package config

import (
	"os"
	"reflect"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// documented is what a document says of a setting.
type documented struct{ Name, Default string }

// inTable reads the table. DATA_DIR's default depends on the user that runs the
// server, so that the documents put it in words.
func inTable() []documented {
	var out []documented
	for _, s := range Settings() {
		if s.Name == "DATA_DIR" {
			s.Default = ""
		}
		out = append(out, documented{s.Name, s.Default})
	}
	return out
}

func readDocument(t *testing.T, path, row string) []documented {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var out []documented
	for _, m := range regexp.MustCompile(row).FindAllStringSubmatch(string(text), -1) {
		out = append(out, documented{m[1], m[2]})
	}
	return out
}

func TestEnvExampleListsEverySetting(t *testing.T) {
	t.Parallel()
	require.Equal(t, inTable(), readDocument(t, "../../.env.example", `(?m)^#([A-Z_]+)=(.*)$`))
}

func TestOperationsListsEverySetting(t *testing.T) {
	t.Parallel()
	require.Equal(t, inTable(), readDocument(t, "../../docs/operations.md", "(?m)^\\| `([A-Z_]+)` \\| (?:`([^`]*)`)?"))
}

func TestEverySettingHasAField(t *testing.T) {
	t.Parallel()
	const others = 1 // PipVariables
	require.Equal(t, reflect.TypeFor[Config]().NumField(), len(Settings())+others)
}
