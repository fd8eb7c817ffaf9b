package pip

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"maestro/internal/model"
	"maestro/internal/packages/requirement"
)

// readReport is a Python program that turns pip's report into a lock. The
// dependencies between packages follow from markers and extras, which
// packaging, a part of pip, interprets.
//
//go:embed read_report.py
var readReport string

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
	report := filepath.Join(work, "report.json")
	args := []string{"-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-compile", "--report", report, "--retries", "2"}
	args = append(args, r.sources()...)
	for option, text := range map[string]string{"--requirement": wanted.String(), "--constraint": pinned.String()} {
		path := filepath.Join(work, strings.TrimLeft(option, "-")+".txt")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return nil, fmt.Errorf("write the requirements for pip: %w", err)
		}
		args = append(args, option, path)
	}
	lines, _, err := r.run(ctx, job{work: work, log: log, args: args})
	if err != nil && foundNothing(lines) {
		// pip does not report by itself whether the index had no such package, was
		// out of order, or required credentials.
		lines, _, err = r.run(ctx, job{work: work, log: func(string) {}, args: append(args, "-vvv")})
	}
	if err != nil {
		return nil, r.explain(ctx, err, lines)
	}
	lock, err := r.readReport(ctx, work, report)
	if err != nil {
		return nil, err
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

// readReport turns pip's report into a lock.
func (r *Runner) readReport(ctx context.Context, work, report string) (model.Lock, error) {
	info, err := os.Stat(report)
	if err != nil {
		return nil, fmt.Errorf("read pip's report: %w", err)
	}
	if info.Size() > mostReport {
		return nil, &Error{Text: fmt.Sprintf("The metadata of the packages exceeds %d MB.", mostReport>>20)}
	}
	lines, answer, err := r.run(ctx, job{work: work, answers: true, log: func(string) {}, args: []string{"-c", readReport, report}})
	if err != nil {
		return nil, r.explain(ctx, fmt.Errorf("read pip's report: %w", err), lines)
	}
	var lock model.Lock
	if err := json.Unmarshal(answer, &lock); err != nil {
		return nil, fmt.Errorf("decode a lock: %w", err)
	}
	return lock, nil
}
