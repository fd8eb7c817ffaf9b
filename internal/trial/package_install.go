package trial

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// RequirementsFile is the file of a folder that lists what its tests require.
const RequirementsFile = "requirements-test.txt"

// TestRequirements reads what the tests of a folder require, a requirement a line. There
// may be no such file.
func TestRequirements(dir string) (all []string, err error) {
	text, err := os.ReadFile(filepath.Join(dir, RequirementsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		line, _, _ := strings.Cut(" "+lines.Text(), " #")
		line = strings.TrimSpace(line)
		switch {
		case line == "", strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "-"):
			return nil, fmt.Errorf("%s: %q is an option of pip; list requirements only, and set options by pip's variables, such as PIP_INDEX_URL", RequirementsFile, line)
		default:
			all = append(all, line)
		}
	}
	return all, lines.Err()
}

// Installer installs packages for tests.
type Installer struct {
	Home     string // of Python
	Pip      string // the folder of pip
	Cache    string // where packages are kept
	Again    bool   // install them again
	Progress func(string)
}

var namesPytest = regexp.MustCompile(`(?i)^pytest\s*($|[\[<>=!~;@ ])`)

// Ensure returns a folder with pytest and the packages that meet the requirements. The folder is kept: a later
// call with the same requirements needs no network.
func (i *Installer) Ensure(ctx context.Context, requirements []string) (string, error) {
	wanted := slices.Clone(requirements)
	if !slices.ContainsFunc(wanted, namesPytest.MatchString) {
		wanted = append(wanted, "pytest>=8")
	}
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	sum := sha256.Sum256([]byte(filepath.Base(i.Home) + "\n" + strings.Join(wanted, "\n")))
	site := filepath.Join(i.Cache, hex.EncodeToString(sum[:8]))
	if _, err := os.Stat(site); err == nil && !i.Again {
		return site, nil
	}
	if err := os.MkdirAll(i.Cache, 0o755); err != nil {
		return "", fmt.Errorf("keep the packages of tests: %w", err)
	}
	fresh, err := os.MkdirTemp(i.Cache, ".new-")
	if err != nil {
		return "", fmt.Errorf("keep the packages of tests: %w", err)
	}
	defer func() { _ = os.RemoveAll(fresh) }()
	i.Progress("Installing " + strings.Join(wanted, ", ") + "; later runs use the same copy.")
	if err := i.install(ctx, fresh, wanted); err != nil {
		return "", err
	}
	if err := os.Chmod(fresh, 0o755); err != nil {
		return "", err
	}
	if i.Again {
		_ = os.RemoveAll(site)
	}
	if err := os.Rename(fresh, site); err != nil {
		if _, there := os.Stat(site); there == nil { // another process was faster
			return site, nil
		}
		return "", fmt.Errorf("keep the packages of tests: %w", err)
	}
	return site, nil
}

func (i *Installer) install(ctx context.Context, to string, wanted []string) error {
	args := []string{"-P", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--root-user-action", "ignore", "--no-warn-script-location", "--target", to, "--"}
	cmd := exec.CommandContext(ctx, filepath.Join(i.Home, "bin", "python3"), append(args, wanted...)...)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+i.Pip, "PYTHONNOUSERSITE=1")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.Discard, &said
	err := cmd.Run()
	if err == nil {
		return nil
	}
	reason := lastErrors(said.String())
	if reason == "" {
		reason = err.Error()
	}
	return fmt.Errorf("the packages of the tests can't be installed: %s", reason)
}

// lastErrors are the lines in which pip says why it has failed.
func lastErrors(said string) string {
	var all []string
	for line := range strings.Lines(said) {
		if text, found := strings.CutPrefix(strings.TrimSpace(line), "ERROR: "); found {
			all = append(all, text)
		}
	}
	return strings.Join(all, " ")
}
