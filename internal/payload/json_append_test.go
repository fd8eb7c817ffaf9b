package payload

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// utf8Of is text as encoding/json sees it.
func utf8Of(text string) (plain string) {
	quoted, _ := json.Marshal(text)
	_ = json.Unmarshal(quoted, &plain)
	return plain
}

func FuzzAppendString(f *testing.F) {
	f.Add("a\"\\\n\x00\x7f\u2028é\xff\xc3")
	f.Fuzz(func(t *testing.T, text string) {
		var got string
		require.NoError(t, json.Unmarshal(AppendString([]byte(nil), text), &got))
		require.Equal(t, utf8Of(text), got)
		require.Equal(t, string(AppendString([]byte(nil), text)), string(AppendString([]byte(nil), []byte(text))))
	})
}
