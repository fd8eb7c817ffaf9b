package kit

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

//go:embed home_examine.py
var examineProgram string

// examineTime limits the examination. The interpreter takes 50 ms.
const examineTime = 30 * time.Second

// examined is what the program prints.
type examined struct {
	Version      string
	Major, Minor int
	Level        string
	GIL, Debug   bool
	Prefix       string
	Missing      []string
}

// Examine runs the interpreter of a home that this program does not carry, and
// returns its version. The error is user-facing and names the fault of a home
// with which the server cannot work, such as one that needs a newer C library.
func Examine(ctx context.Context, home string) (version string, err error) {
	if err := Check(home); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, examineTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, Executable(home), "-I", "-S", "-B", "-c", examineProgram, filepath.Join(home, Library))
	cmd.Env = []string{"LC_ALL=C.UTF-8"}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s does not run: %w: %s", Executable(home), err, firstLine(stderr.String()))
	}
	var found examined
	if err := json.Unmarshal(out, &found); err != nil {
		return "", fmt.Errorf("%s does not describe itself: %w", Executable(home), err)
	}
	return found.Version, found.fault(home)
}

// fault is the first reason why the server cannot work with the Python.
func (e examined) fault(home string) error {
	real, err := filepath.EvalSymlinks(home)
	prefix, prefixErr := filepath.EvalSymlinks(e.Prefix)
	switch {
	case err != nil:
		return err
	case e.Major != 3 || e.Minor != 14:
		return fmt.Errorf("%s is Python %s, and this server needs a 3.14", home, e.Version)
	case e.Level != "final":
		return fmt.Errorf("%s is Python %s, a pre-release, and this server needs a release", home, e.Version)
	case !e.GIL:
		return fmt.Errorf("%s is a free-threaded Python, and this server needs one with a GIL for each interpreter", home)
	case e.Debug:
		return fmt.Errorf("%s is a debug build of Python, whose objects are laid out differently; use a release build", home)
	case prefixErr != nil || prefix != real:
		return fmt.Errorf("%s takes its library from %s; name that folder, or one that is complete by itself", Executable(home), e.Prefix)
	case len(e.Missing) > 0:
		return fmt.Errorf("%s has no working %s; install the libraries that it needs, or use another Python", home, strings.Join(e.Missing, ", no "))
	}
	return nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// Compile compiles the library of a home to byte code if it has none; without
// it, each new interpreter takes 100 ms longer. A home that cannot be written
// is an error that says so.
func Compile(ctx context.Context, home string, progress func(string)) error {
	library := filepath.Join(home, "lib", "python3.14")
	if _, err := os.Stat(filepath.Join(library, "__pycache__", "os.cpython-314.pyc")); err == nil {
		return nil
	}
	if progress != nil {
		progress("compiling the library of " + home + " (once)")
	}
	cmd := exec.CommandContext(ctx, Executable(home), "-I", "-S", "-B", "-m", "compileall", "-q", "-j", "0", library)
	cmd.Env = []string{"LC_ALL=C.UTF-8"}
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	// Files of tests that no interpreter can compile count as failures: what
	// matters is whether the modules that every interpreter imports are there.
	if _, missing := os.Stat(filepath.Join(library, "__pycache__", "os.cpython-314.pyc")); missing == nil {
		return nil
	}
	return errors.Join(fmt.Errorf("compile the library of %s, which makes each new interpreter 100 ms faster: run %s -m compileall %s as its owner",
		home, Executable(home), library), fmt.Errorf("%w: %s", err, firstLine(string(out))))
}
