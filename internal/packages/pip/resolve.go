package pip

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"maestro/internal/model"
	"maestro/internal/packages/requirement"
)

// readReport is a Python program: it makes a lock of pip's report. Which
// package needs which depends on markers and extras, and packaging, which pip
// brings along, is what knows those.
//
//go:embed read_report.py
var readReport string

// Resolve finds which wheels meet all requirements, those of pins in the very
// versions that they have. Nothing is installed. log takes what pip says, line
// by line. The error is an *Error, a *ConflictError, an *UnreachableError, the
// end of ctx, or a fault of ours.
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
	if !r.opts.AllowSource {
		args = append(args, "--only-binary", ":all:")
	}
	for option, text := range map[string]string{"--requirement": wanted.String(), "--constraint": pinned.String()} {
		path := filepath.Join(work, strings.TrimLeft(option, "-")+".txt")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return nil, fmt.Errorf("write what pip is to resolve: %w", err)
		}
		args = append(args, option, path)
	}
	lines, _, err := r.run(ctx, work, nil, nil, log, args...)
	if err != nil && foundNothing(lines) {
		// pip does not say by itself whether the index had nothing or was out of
		// order.
		lines, _, err = r.run(ctx, work, nil, nil, func(string) {}, append(args, "-vvv")...)
	}
	if err != nil {
		return nil, orEnd(ctx, err, lines, r.opts.MaxBytes)
	}
	text, err := os.ReadFile(report)
	if err != nil {
		return nil, fmt.Errorf("read pip's report: %w", err)
	}
	lines, answer, err := r.run(ctx, work, nil, text, func(string) {}, "-c", readReport)
	if err != nil {
		return nil, orEnd(ctx, fmt.Errorf("read pip's report: %w: %s", err, strings.Join(lines, "\n")), nil, 0)
	}
	var lock model.Lock
	if err := json.Unmarshal(answer, &lock); err != nil {
		return nil, fmt.Errorf("decode a lock: %w", err)
	}
	for _, p := range lock {
		if len(p.SHA256) != 64 {
			return nil, &Error{Text: fmt.Sprintf("The index gives no SHA-256 for %s %s, without which it can't be installed again as it is.", p.Name, p.Version)}
		}
	}
	return lock, nil
}

func foundNothing(lines []string) bool {
	return slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, "(from versions: none)") })
}

// orEnd prefers the end of ctx to what pip said when it was stopped.
func orEnd(ctx context.Context, err error, lines []string, maxBytes int64) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if lines == nil && !errors.Is(err, errTooLarge) {
		return err
	}
	return explain(err, lines, maxBytes)
}
