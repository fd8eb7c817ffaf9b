package guide

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// onePage is a site of one page.
type onePage struct{}

func (onePage) address(file string) string { return map[string]string{"x.md": "x"}[file] }
func (onePage) title(string) string        { return "X & <Y>" }

func TestRenderedDocument(t *testing.T) {
	t.Parallel()
	const source = "# A `b`\n\nThe lead. More.\n\n## Input & output\n\n[one](../x.md#a-b) [gone](../../y.go) [out](https://example.com) [here](#c_d) [x.md](../x.md)\n\n" +
		"## Input & output\n\n<!-- not run: why -->\n```sh\n# a\n```\n\n### C_d\n\n| a |\n| --- |\n| <script> `|` |\n"
	d, err := render("guide/z.md", []byte(source), onePage{})
	require.NoError(t, err)
	require.Equal(t, "A b", d.Title)
	require.Equal(t, "The lead. More.", d.Lead)
	require.Equal(t, []heading{{"input--output", "Input & output", 2}, {"input--output-1", "Input & output", 2}, {"c_d", "C_d", 3}}, d.Headings)
	for _, want := range []string{
		`<a href="x#a-b">one</a> gone <a href="https://example.com">out</a> <a href="#c_d">here</a> <a href="x">X &amp; &lt;Y&gt;</a>`,
		`<h2 id="input--output-1"><a href="#input--output-1">Input &amp; output</a></h2>`, `<span class="c"># a</span>`,
		`<div class="table" tabindex="0"><table>`,
	} {
		require.Contains(t, d.HTML, want)
	}
	require.NotContains(t, d.HTML, "<script>")
	require.NotContains(t, d.HTML, "not run")
}
