package house

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// maxLines is how long a file may be. A longer one needs a reason here.
const maxLines = 500

var longFiles = map[string]string{}

// thirdParty are assets of other projects, and files that were built from the console's sources.
var thirdParty = []string{"web/redoc/", "web/swagger-ui/", "web/console/dist/"}

func isThirdParty(name string) bool {
	return slices.ContainsFunc(thirdParty, func(folder string) bool { return strings.HasPrefix(name, folder) })
}

// trackedFiles are the files of the repository, those not yet committed
// included, whose names end in one of the suffixes.
func trackedFiles(t *testing.T, suffixes ...string) []string {
	t.Helper()
	cmd := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
	cmd.Dir = root
	out, err := cmd.Output()
	require.NoError(t, err, "these tests need the git repository")
	var files []string
	for name := range strings.SplitSeq(string(out), "\x00") {
		for _, suffix := range suffixes {
			if strings.HasSuffix(name, suffix) {
				files = append(files, name)
			}
		}
	}
	require.NotEmpty(t, files)
	return files
}

// read returns "" for a file that is deleted but still in the index.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if os.IsNotExist(err) {
		return ""
	}
	require.NoError(t, err)
	return string(text)
}

func generated(text string) bool { return strings.Contains(text, "DO NOT EDIT") }

func TestFilesStayShort(t *testing.T) {
	t.Parallel()
	for _, name := range trackedFiles(t, ".go", ".c", ".h", ".py", ".sql", ".ts", ".js", ".svelte") {
		if strings.Contains(name, "/testdata/") || isThirdParty(name) || longFiles[name] != "" {
			continue
		}
		text := read(t, name)
		if n := strings.Count(text, "\n"); n > maxLines && !generated(text) {
			t.Errorf("%s has %d lines, over %d: split it, or give the reason in longFiles", name, n, maxLines)
		}
	}
	for name := range longFiles {
		require.Greater(t, strings.Count(read(t, name), "\n"), maxLines, "%s needs no exception any more", name)
	}
}

func TestFilesHaveNamesThatSaySomething(t *testing.T) {
	t.Parallel()
	empty := regexp.MustCompile(`^(utils?|common|helpers?|misc|stuff)(_test)?(\.go)?$`)
	well := regexp.MustCompile(`^[a-z0-9_.]+$`)
	for _, name := range trackedFiles(t, ".go", ".c", ".h") {
		for part := range strings.SplitSeq(name, "/") {
			require.NotRegexp(t, empty, part, name)
		}
		require.Regexp(t, well, path.Base(name), "lower case and underscores")
	}
}

func TestCIsInCPythonAlone(t *testing.T) {
	t.Parallel()
	importC := regexp.MustCompile(`(?m)^\s*import\s+"C"|^\s*"C"$`)
	found := false
	for _, name := range trackedFiles(t, ".go", ".c", ".h") {
		inside := path.Dir(name) == "cpython"
		isC := !strings.HasSuffix(name, ".go")
		if isC || importC.MatchString(read(t, name)) {
			found = found || inside
			if !inside && !strings.Contains(name, "/testdata/") {
				t.Errorf("%s: C belongs into cpython, which the rest reaches through Go", name)
			}
		}
	}
	require.True(t, found, "the pattern finds the C that there is")
}

// PyGILState_* knows one interpreter only. With one per tenant it attaches to
// the wrong one.
func TestNoFileUsesTheGILStateFunctions(t *testing.T) {
	t.Parallel()
	use := regexp.MustCompile(`\bPyGILState_\w+\s*[(,;)]`)
	for _, name := range trackedFiles(t, ".go", ".c", ".h") {
		if path.Dir(name) == "internal/house" {
			continue
		}
		require.NotRegexp(t, use, read(t, name), name)
	}
}

func TestEveryPackageSaysWhatItMustNotDo(t *testing.T) {
	t.Parallel()
	comment := regexp.MustCompile(`(?m)^((?://.*\n)+)package (\w+)$`)
	says := regexp.MustCompile(`(?i)\bmust\s+(//\s+)?not\b|\bnever\b|\bfor tests alone\b`)
	docs := map[string]string{}
	for _, name := range trackedFiles(t, ".go") {
		if strings.HasSuffix(name, "_test.go") || strings.Contains(name, "/testdata/") {
			continue
		}
		text := read(t, name)
		if text == "" {
			continue
		}
		docs[path.Dir(name)] += "" // the folder counts, comment or not
		if m := comment.FindStringSubmatch(text); m != nil {
			docs[path.Dir(name)] += m[1]
		}
		if generated(text) {
			docs[path.Dir(name)] += "generated: must not"
		}
	}
	for folder, doc := range docs {
		if strings.HasPrefix(folder, "bench") {
			continue // programs of their own; their comment says how to use them
		}
		if !says.MatchString(doc) {
			t.Errorf("the package comment of %s must say what it must not do", folder)
		}
	}
}

func TestDocumentLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)#\s]+)(#[^)]*)?\)`)
	for _, name := range trackedFiles(t, ".md") {
		for _, m := range link.FindAllStringSubmatch(read(t, name), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			_, err := os.Stat(filepath.Join(root, path.Dir(name), m[1]))
			require.NoError(t, err, "%s links to %s", name, m[1])
		}
	}
}

// A path of one machine does not exist on others.
func TestNoFileNamesAMachine(t *testing.T) {
	t.Parallel()
	place := regexp.MustCompile(`(^|[^\w.])/` + `(work|root)/`)
	for _, name := range trackedFiles(t, ".go", ".c", ".h", ".py", ".sql", ".md", ".json", ".yaml", ".txt", "Makefile", "Dockerfile", "setup", "run") {
		require.NotRegexp(t, place, read(t, name), name)
	}
}
