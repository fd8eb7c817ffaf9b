package house

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const workflow = ".github/workflows/ci.yaml"

var (
	codeSpan   = regexp.MustCompile("`([^`\n]+)`")
	codeBlock  = regexp.MustCompile("(?s)```.*?```")
	pathLike   = regexp.MustCompile(`^\.?[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_.-]+)*/?$`)
	makeTarget = regexp.MustCompile(`\bmake ([a-z][a-z-]*)`)
)

// newcomerPages name what a newcomer opens and runs.
var newcomerPages = []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", ".github/pull_request_template.md"}

// Placeholders, and the folder that CONTRIBUTING has its reader make.
var notThere = []string{"embed/testdata/functions/calls/twice", "migrations/000NN_name.sql"}

func TestPathsThatContributorsAreToldExist(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	top := map[string]bool{}
	for _, entry := range entries {
		top[entry.Name()] = true
	}
	found := 0
	for _, page := range newcomerPages {
		text := codeBlock.ReplaceAllString(read(t, page), "")
		require.NotEmpty(t, text, page)
		for _, span := range codeSpan.FindAllStringSubmatch(text, -1) {
			for name := range strings.FieldsSeq(span[1]) { // commands name paths too
				name = strings.TrimPrefix(name, "./")
				if !pathLike.MatchString(name) || slices.Contains(notThere, name) || !strings.Contains(name, "/") && !top[name] {
					continue // a word without a slash may be anything
				}
				_, err := os.Stat(filepath.Join(root, name))
				require.NoError(t, err, "%s names %s", page, name)
				found++
			}
		}
	}
	require.Greater(t, found, 20, "the pattern finds the paths")
}

func TestMakeTargetsInDocumentsExist(t *testing.T) {
	t.Parallel()
	targets := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^([a-z-]+):.*## `).FindAllStringSubmatch(read(t, "Makefile"), -1) {
		targets[m[1]] = true
	}
	for _, page := range append(trackedFiles(t, ".md"), workflow, ".ci/run") {
		text := read(t, page)
		code := codeBlock.FindAllString(text, -1)
		for _, span := range codeSpan.FindAllString(text, -1) {
			if strings.HasPrefix(span, "`make ") {
				code = append(code, span)
			}
		}
		if !strings.HasSuffix(page, ".md") {
			code = []string{text}
		}
		for _, m := range makeTarget.FindAllStringSubmatch(strings.Join(code, "\n"), -1) {
			require.True(t, targets[m[1]], "%s names make %s, which the Makefile does not explain", page, m[1])
		}
	}
}

// What the hosted checks run is what every machine runs.
func TestTheWorkflowRunsTheChecks(t *testing.T) {
	t.Parallel()
	var parsed struct {
		Jobs map[string]struct {
			Container string
			Steps     []struct{ Run string }
		}
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, workflow)), &parsed))
	base := regexp.MustCompile(`(?m)^FROM (\S+) AS build$`).FindStringSubmatch(read(t, "Dockerfile"))
	require.NotNil(t, base)
	runs := 0
	for name, job := range parsed.Jobs {
		require.Equal(t, base[1], job.Container, "%s: the image of the Dockerfile", name)
		for _, step := range job.Steps {
			if step.Run == ".ci/run" {
				runs++
			}
		}
	}
	require.Equal(t, 1, runs)

	var container struct{ Image, OnCreateCommand string }
	require.NoError(t, json.Unmarshal([]byte(read(t, ".devcontainer/devcontainer.json")), &container))
	require.Equal(t, base[1], container.Image)
	require.Contains(t, container.OnCreateCommand, "scripts/setup test")
}
