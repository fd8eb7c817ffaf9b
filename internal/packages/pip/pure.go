package pip

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"maestro/internal/model"
)

// Pure looks for a wheel of the same version of a package that is Python alone
// and works everywhere. Some packages have both kinds, and pip prefers the one
// with extension modules. It reports whether there is one. The errors are
// those of Resolve.
func (r *Runner) Pure(ctx context.Context, p model.LockedPackage) (pure model.LockedPackage, found bool, err error) {
	work, remove, err := r.workFolder()
	if err != nil {
		return p, false, err
	}
	defer remove()
	report := filepath.Join(work, "report.json")
	lines, _, err := r.run(ctx, work, nil, nil, func(string) {}, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "--report", report,
		"--retries", "2", "--only-binary", ":all:", "--platform", "any", "--implementation", "py", "--abi", "none", "--target", filepath.Join(work, "target"),
		p.Name+"=="+p.Version)
	if err != nil {
		var refused *Error
		if err = orEnd(ctx, err, orEmpty(lines), r.opts.MaxBytes); errors.As(err, &refused) {
			return p, false, nil
		}
		return p, false, err
	}
	text, err := os.ReadFile(report)
	if err != nil {
		return p, false, fmt.Errorf("read pip's report: %w", err)
	}
	lines, answer, err := r.run(ctx, work, nil, text, func(string) {}, "-c", readReport)
	if err != nil {
		return p, false, orEnd(ctx, fmt.Errorf("read pip's report: %w: %v", err, lines), nil, 0)
	}
	var lock model.Lock
	if err := json.Unmarshal(answer, &lock); err != nil || len(lock) != 1 {
		return p, false, fmt.Errorf("decode a lock of one package: %w", err)
	}
	pure = p
	pure.File, pure.SHA256 = lock[0].File, lock[0].SHA256
	return pure, len(pure.SHA256) == 64 && pure.SHA256 != p.SHA256, nil
}
