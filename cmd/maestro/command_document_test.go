package main

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReferenceOfTheCommandLine(t *testing.T) {
	t.Parallel()
	var got bytes.Buffer
	writeReference(&got, newRoot(newApp()))
	const page = "../../docs/cli.md"
	if *update {
		require.NoError(t, os.WriteFile(page, got.Bytes(), 0o644))
	}
	want, err := os.ReadFile(page)
	require.NoError(t, err, "go test -update writes it")
	require.Equal(t, string(want), got.String(), "docs/cli.md differs from the help texts; go test -update writes it")
}

// Each command of the table of daily tasks exists, with its options.
func TestDailyTasksNameCommandsThatExist(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/daily-tasks.md")
	require.NoError(t, err)
	folders, err := os.ReadFile("../../docs/folders.md")
	require.NoError(t, err)
	found := regexp.MustCompile("`maestro ([^`]+)`").FindAllStringSubmatch(string(text)+string(folders), -1)
	require.Greater(t, len(found), 25)
	for _, match := range found {
		command := strings.NewReplacer("'", "", "<", "", "…", "").Replace(match[1])
		command, _, _ = strings.Cut(command, "|")
		cmd, rest, err := newRoot(newApp()).Find(strings.Fields(command))
		require.NoError(t, err, command)
		require.False(t, cmd.HasSubCommands(), "maestro %s names a group", command)
		for _, word := range rest {
			name := strings.TrimLeft(strings.TrimRight(word, ","), "-")
			switch {
			case strings.HasPrefix(word, "--"):
				require.NotNil(t, cmd.Flag(name), "%s has no option %s", cmd.CommandPath(), word)
			case strings.HasPrefix(word, "-") && len(word) == 2:
				require.NotNil(t, cmd.Flags().ShorthandLookup(name), "%s has no option %s", cmd.CommandPath(), word)
			}
		}
	}
}
