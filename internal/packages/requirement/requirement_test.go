package requirement_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/cpython/kit"
	"maestro/internal/packages/requirement"
	"maestro/internal/testkit"
)

// good are requirements and their one form.
var good = map[string]string{
	"httpx":                   "httpx",
	"a;platform_release!='@'": `a; platform_release != "@"`,
	" HTTPX ":                 "httpx",
	"Foo__Bar.-baz":           "foo-bar-baz",
	"a":                       "a",
	"httpx[http2]":            "httpx[http2]",
	"httpx [ socks , HTTP2, socks ] >=0.27 , <1": "httpx[http2,socks]>=0.27,<1",
	"httpx[]":                        "httpx",
	"httpx (>=0.27)":                 "httpx>=0.27",
	"foo==1.*":                       "foo==1.*",
	"foo!=1.2.*":                     "foo!=1.2.*",
	"foo~=1.4.2":                     "foo~=1.4.2",
	"foo==1!2.0.post1":               "foo==1!2.0.post1",
	"foo==2.0+local.7":               "foo==2.0+local.7",
	"foo>=1.0RC1":                    "foo>=1.0rc1",
	"foo==1.0.dev3":                  "foo==1.0.dev3",
	"foo; platform_release == '6-1'": `foo; platform_release == "6-1"`,
	"foo; python_version >= '3.9'":   `foo; python_version >= "3.9"`,
	`foo>1 ; ( sys_platform=="linux" or os_name != 'nt' ) and 'x' not in platform_machine`: `foo>1; (sys_platform == "linux" or os_name != "nt") and "x" not in platform_machine`,
}

// bad are not accepted, regardless of pip.
var bad = []string{
	"", " ", "-", "--index-url=x", "-e .", "-r x.txt", "foo --hash=sha256:abc", ".", "./foo", "/etc/passwd", "../foo", "C:\\foo", "~/foo",
	"foo @ https://example.com/foo.whl", "foo@file:///x", "git+https://example.com/foo", "https://example.com/foo.whl", "foo-1.0.tar.gz/",
	"foo\nbar", "foo\x00", "foo\r", "fóo", "foo bar", "foo,bar", "foo[", "foo[a", "foo[-a]", "foo[a]]", "foo==", "foo=1", "foo===1.0", "foo>=1,", "foo>=1;", "foo;",
	"foo==1.x", "foo==1..2", "foo==.1", "foo==1.*.2", "foo==1.0.dev1.*", "foo==1.0+l.*",
	"foo>=1.*", "foo~=1", "foo>1+local", "foo==x.y.z.q-", "foo==1 2", "foo; python_version", `foo; "a" == "b"`, "foo; evil >= '3'", "foo; python_version >= 3",
	"foo; (python_version >= '3'", "foo; python_version not '3'", `foo; os_name == "a" or`, `foo; platform_version == "#1 SMP"`, `foo; platform_version == "a #b"`, `foo; os_name == "a --hash=sha256:b"`, `foo; os_name == "a	-e"`, "$HOME", "${PIP}", "foo==$X", "-foo", "foo-", "_foo", "foo_", "foo;extra=='x'",
	strings.Repeat("a", 101), "foo[" + strings.Repeat("a,", 600) + "]", "foo; " + strings.Repeat("(", 30) + "os_name == 'a'" + strings.Repeat(")", 30),
}

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range good {
		r, err := requirement.Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, want, r.Text)
		again, err := requirement.Parse(r.Text)
		require.NoError(t, err)
		require.Equal(t, r, again)
	}
	for _, text := range bad {
		r, err := requirement.Parse(text)
		require.Error(t, err, "%q became %+v", text, r)
	}
}

func TestExactly(t *testing.T) {
	t.Parallel()
	r, err := requirement.Exactly("Foo.Bar", "1.2")
	require.NoError(t, err)
	require.Equal(t, "foo-bar==1.2", r.Text)
	for _, wanted := range []string{"", "1.*", ">=1", "1,2", "latest", "1; os_name == 'x'", "-1", "1 "} {
		_, err := requirement.Exactly("foo", wanted)
		require.Error(t, err, wanted)
	}
}

// askPackaging runs a program in the carried Python, with the packaging that
// pip brings: the reference.
func askPackaging(t *testing.T, program string, input, answer any) {
	t.Helper()
	home := testkit.KitHome(t)
	text, err := json.Marshal(input)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), kit.Executable(home), "-c", "import json, sys\nfrom pip._vendor.packaging.requirements import Requirement\n"+
		"input = json.load(sys.stdin)\n"+program)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+kit.PipPath(home))
	cmd.Stdin, cmd.Stderr = bytes.NewReader(text), os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(out, answer))
}

// Accepted requirements mean the same to pip.
func TestPackagingReadsTheSame(t *testing.T) {
	t.Parallel()
	var texts []string
	for _, text := range good {
		texts = append(texts, text)
	}
	var answers []struct {
		Name, Specifier, Marker string
		Extras                  []string
	}
	askPackaging(t, `
from pip._vendor.packaging.utils import canonicalize_name
print(json.dumps([{"Name": canonicalize_name(r.name), "Extras": sorted({canonicalize_name(e) for e in r.extras}),
    "Specifier": ",".join(sorted(str(s) for s in r.specifier)), "Marker": str(r.marker or "")} for r in map(Requirement, input)]))`, texts, &answers)
	for i, text := range texts {
		mine, err := requirement.Parse(text)
		require.NoError(t, err)
		require.Equal(t, answers[i].Name, mine.Name)
		require.ElementsMatch(t, answers[i].Extras, mine.Extras)
		require.Equal(t, answers[i].Marker, mine.Marker)
		require.ElementsMatch(t, strings.Split(strings.ToLower(answers[i].Specifier), ","), strings.Split(mine.Specifier, ","))
	}
}

func TestSurelyAccepts(t *testing.T) {
	t.Parallel()
	for text, versions := range map[string]map[string]bool{
		"foo":       {"1": true, "2.0.dev1": true},
		"foo==1.2":  {"1.2": true, "1.2.0": false, "1.3": false},
		"foo==1RC1": {"1rc1": true},
		"foo==1.*":  {"1": false, "1.2": false},
		"foo>=1":    {"1": false, "2": false},
	} {
		r, err := requirement.Parse(text)
		require.NoError(t, err)
		for version, want := range versions {
			require.Equal(t, want, r.SurelyAccepts(version), "%s, %s", text, version)
		}
	}
}

func FuzzParse(f *testing.F) {
	for text := range good {
		f.Add(text)
	}
	for _, text := range bad {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := requirement.Parse(text)
		if err != nil {
			return
		}
		// Before the marker an @ would name a file or an address; in a marker it is a letter.
		address := strings.Contains(strings.Split(r.Text, ";")[0], "@")
		if r.Name == "" || address || strings.HasPrefix(r.Text, "-") || strings.ContainsAny(r.Text, "\n\r\x00/\\$#") || strings.Contains(r.Text, " -") {
			t.Fatalf("%q became %q", text, r.Text)
		}
		again, err := requirement.Parse(r.Text)
		if err != nil || again.Text != r.Text || again.Name != r.Name || again.Specifier != r.Specifier {
			t.Fatalf("%q became %q, which becomes %+v (%v)", text, r.Text, again, err)
		}
	})
}
