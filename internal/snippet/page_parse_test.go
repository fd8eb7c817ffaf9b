package snippet

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const page = "# A\n\n```python functions/f.py\ndef f(input):\n    return 1\n```\n\n```sh\nrun f\n```\n\n```json output\n1\n```\n\n" +
	"<!-- not run: it needs the network -->\n```sh\nfetch\n```\n\n```sh background\nfollow\n```\n\n```sh\necho a\n# → a\necho b\n# → b\n```\n"

func TestBlocksOfAPage(t *testing.T) {
	t.Parallel()
	p, err := Parse(page)
	require.NoError(t, err)
	require.Len(t, p.Blocks, 5)
	require.Equal(t, "functions/f.py", p.Blocks[0].File)
	require.Equal(t, "def f(input):\n    return 1\n", p.Blocks[0].Text)
	require.False(t, p.Blocks[0].Runs())
	require.Equal(t, "1\n", p.Blocks[1].Expected)
	require.True(t, p.Blocks[1].Runs())
	require.Equal(t, "it needs the network", p.Blocks[2].Reason)
	require.False(t, p.Blocks[2].Runs())
	require.True(t, p.Blocks[3].Background)
	require.Equal(t, "a\nb\n", p.Blocks[4].Expected)
	require.Equal(t, page, p.String())
	require.True(t, p.Show(p.Blocks[1], "2\n3\n"))
	require.False(t, p.Show(p.Blocks[4], "c"))
	require.Contains(t, p.String(), "```json output\n2\n3\n```\n\n<!--")
}

func TestFaultsOfAPage(t *testing.T) {
	t.Parallel()
	for text, fault := range map[string]string{
		"```sh\nx":                             "line 1: the block has no end",
		"```\nx\n```":                          "line 1: the block names no language",
		"\n```python\nx\n```":                  "line 2: the block of python is not run",
		"```json\n{}\n```":                     "the block of json is not run",
		"```text output\nx\n```":               "the output belongs to no block of sh",
		"```python ../f.py\nx\n```":            "is not the name of a file",
		"```python a b c\nx\n```":              "has more than two words",
		"<!-- not run: -->\n```sh\nx\n```":     "the block is not run for no reason",
		"```sh\nx\n```\n```python f\nx\n```\n": "is not the name of a file",
	} {
		_, err := Parse(text)
		require.ErrorContains(t, err, fault, "%q", text)
	}
}
