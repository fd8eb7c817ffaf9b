package process

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFolderOfACall(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := newStore(t, startLane(t, Options{Folder: func(string) (string, string, error) { return folder, filepath.Join(folder, "tmp"), nil }}))
	s.define("f", "import os\ndef f(input):\n    return [os.getcwd(), os.environ['HOME'], os.environ['TMPDIR']]\n")
	output, _ := s.must("f", "null")
	var got []string
	require.NoError(t, json.Unmarshal([]byte(output), &got))
	require.Equal(t, []string{folder, folder, filepath.Join(folder, "tmp")}, got)
}
