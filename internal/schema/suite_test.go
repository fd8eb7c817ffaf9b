package schema

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

// remotes serves the documents that the official suite refers to, and counts as
// the network that a real schema never reaches.
type remotes struct{}

func (remotes) Load(url string) (any, error) {
	path, ok := strings.CutPrefix(url, "http://localhost:1234/")
	if !ok {
		return nil, fmt.Errorf("%s is not a document of the suite", url)
	}
	text, err := os.ReadFile(filepath.Join("testdata/suite/remotes", filepath.FromSlash(path)))
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(text))
}

// group is a schema of the official suite with its instances.
type group struct {
	Description string          `json:"description"`
	Schema      json.RawMessage `json:"schema"`
	Tests       []struct {
		Description string          `json:"description"`
		Data        json.RawMessage `json:"data"`
		Valid       bool            `json:"valid"`
	} `json:"tests"`
}

var drafts = map[string]struct {
	draft    *jsonschema.Draft
	mandated int // instances
}{
	"draft2020-12": {jsonschema.Draft2020, 1299}, "draft2019-09": {jsonschema.Draft2019, 1259},
	"draft7": {jsonschema.Draft7, 927}, "draft6": {jsonschema.Draft6, 839}, "draft4": {jsonschema.Draft4, 618},
}

func groups(t testing.TB, file string) []group {
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var list []group
	require.NoError(t, json.Unmarshal(text, &list))
	return list
}

// The official suite (json-schema-org, JSON-Schema-Test-Suite), every mandatory
// instance of every draft that $schema can name.
func TestOfficialSuite(t *testing.T) {
	t.Parallel()
	for name, of := range drafts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files, err := filepath.Glob("testdata/suite/" + name + "/*.json")
			require.NoError(t, err)
			instances := 0
			for _, file := range files {
				for _, g := range groups(t, file) {
					doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(g.Schema))
					require.NoError(t, err)
					s, err := build(&patterns{known: map[string]*pattern{}}, g.Schema, doc, remotes{}, of.draft)
					require.NoError(t, err, "%s: %s", file, g.Description)
					for _, test := range g.Tests {
						instances++
						// The contract asserts formats, which the draft leaves open.
						test.Valid = test.Valid && !strings.HasSuffix(test.Description, "is only an annotation by default")
						problems, err := s.Examine(context.Background(), noDeadline, test.Data)
						require.NoError(t, err)
						if (len(problems) == 0) != test.Valid {
							t.Errorf("%s: %s: %s (%s): %v, want valid %t", filepath.Base(file), g.Description, test.Data, test.Description, problems, test.Valid)
						}
						if s.Accepts(test.Data) && !test.Valid {
							t.Errorf("%s: %s: the quick checker accepts %s", filepath.Base(file), g.Description, test.Data)
						}
					}
				}
			}
			require.Equal(t, of.mandated, instances, "instances of the suite")
		})
	}
}

// The official optional suite of formats, every instance, as a schema reaches
// it; draft 2020-12's is the one that internal/format is held to.
func TestOfficialFormatSuite(t *testing.T) {
	t.Parallel()
	for pattern, mandated := range map[string]int{
		"../format/testdata/suite/format/*.json": 764, "testdata/suite/draft2019-09/format/*.json": 757, "testdata/suite/draft7/format/*.json": 676,
	} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		instances := 0
		for _, file := range files {
			for _, g := range groups(t, file) {
				s, err := Compile(g.Schema)
				require.NoError(t, err)
				for _, test := range g.Tests {
					instances++
					problems, err := s.Validate(context.Background(), noDeadline, test.Data)
					require.NoError(t, err)
					require.Equal(t, test.Valid, len(problems) == 0, "%s: %s (%s): %v", file, test.Data, test.Description, problems)
					require.False(t, s.Accepts(test.Data) && !test.Valid, "%s: the quick checker accepts %s", file, test.Data)
				}
			}
		}
		require.Equal(t, mandated, instances, pattern)
	}
}
