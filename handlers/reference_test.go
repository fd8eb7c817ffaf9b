package handlers_test

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/reference"
)

var update = flag.Bool("update", false, "write docs/api.md")

// The reference of the HTTP API says what the OpenAPI document says.
func TestReferenceOfTheAPI(t *testing.T) {
	t.Parallel()
	const page, command = "../docs/api.md", "make reference"
	d := document(t, setup(t, withDocuments))
	var got bytes.Buffer
	require.NoError(t, reference.Write(&got, []byte(d.text), command))
	if *update {
		require.NoError(t, os.WriteFile(page, got.Bytes(), 0o644))
	}
	want, err := os.ReadFile(page)
	require.NoError(t, err, "%s writes it", command)
	require.Equal(t, string(want), got.String(), "%s differs from the OpenAPI document; %s writes it", page, command)
}
