package pip

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"maestro/internal/model"
	"maestro/internal/packages/requirement"
)

// resolve is a Python program: it runs pip and makes a lock of pip's report.
// Which package needs which depends on markers and extras, which packaging, a
// library that pip includes, evaluates.
//
//go:embed resolve.py
var resolve string

// Resolve finds the wheels that meet all requirements, those of pins in
// exactly their versions. Nothing is installed. log takes pip's output, line
// by line. The error is an *Error, a *ConflictError, an *UnreachableError, the
// end of ctx, or an internal error.
func (r *Runner) Resolve(ctx context.Context, roots []requirement.Requirement, pins model.Lock, log func(line string)) (model.Lock, error) {
	if len(roots) == 0 {
		return model.Lock{}, nil
	}
	work, remove, err := r.workFolder()
	if err != nil {
		return nil, err
	}
	defer remove()
	var wanted, pinned strings.Builder
	for _, root := range roots {
		wanted.WriteString(root.Text + "\n")
	}
	for _, p := range pins {
		fmt.Fprintf(&pinned, "%s==%s\n", p.Name, p.Version)
	}
	args := []string{"install", "--dry-run", "--ignore-installed", "--no-compile", "--retries", "2"}
	args = append(args, r.sources()...)
	for option, text := range map[string]string{"--requirement": wanted.String(), "--constraint": pinned.String()} {
		path := filepath.Join(work, strings.TrimLeft(option, "-")+".txt")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return nil, fmt.Errorf("write the requirements for pip: %w", err)
		}
		args = append(args, option, path)
	}
	lock, lines, err := r.lock(ctx, work, args, log)
	if err != nil && foundNothing(lines) {
		// pip does not say by itself whether the index had nothing, was out of order,
		// or wanted credentials.
		lock, lines, err = r.lock(ctx, work, append(args, "-vvv"), func(string) {})
	}
	if err != nil {
		return nil, r.explain(ctx, err, lines)
	}
	for _, p := range lock {
		if len(p.SHA256) != 64 {
			return nil, &Error{Text: fmt.Sprintf("The index provides no SHA-256 for %s %s, which is required to install the same wheel again.", p.Name, p.Version)}
		}
	}
	return lock, nil
}

func foundNothing(lines []string) bool {
	return slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, "(from versions: none)") })
}

// sources are the options that permit or forbid builds from source.
func (r *Runner) sources() []string {
	switch {
	case !r.opts.AllowSource:
		return []string{"--only-binary", ":all:"}
	case r.opts.PipPath != "":
		// Build requirements are installed by this process: a child process would
		// get the index's address, including credentials, as a visible argument.
		return []string{"--use-feature", "inprocess-build-deps"}
	default:
		return nil // a pip that may not support that
	}
}

// mostReport bounds pip's report, which contains the packages' descriptions.
const mostReport = 64 << 20

// lock runs pip with these arguments and makes a lock of what it reports. The
// lines are for explain.
func (r *Runner) lock(ctx context.Context, work string, args []string, log func(string)) (lock model.Lock, lines []string, err error) {
	report := filepath.Join(work, "report.json")
	program := []string{"-P", "-c", resolve, report, strconv.Itoa(mostReport)}
	lines, answer, err := r.run(ctx, job{work: work, answers: true, log: log, args: append(program, args...)})
	if err != nil {
		return nil, lines, err
	}
	if err := json.Unmarshal(answer, &lock); err != nil {
		return nil, nil, fmt.Errorf("decode a lock: %w", err)
	}
	return lock, lines, nil
}
