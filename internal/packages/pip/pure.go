package pip

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"maestro/internal/model"
)

// Pure looks for a pure Python wheel of the same version of a package that
// works on every platform. Some packages have both kinds, and pip prefers the
// one with extension modules. It reports whether there is one. The errors are
// those of Resolve.
func (r *Runner) Pure(ctx context.Context, p model.LockedPackage) (pure model.LockedPackage, found bool, err error) {
	work, remove, err := r.workFolder()
	if err != nil {
		return p, false, err
	}
	defer remove()
	lock, lines, err := r.lock(ctx, work, []string{
		"install", "--dry-run", "--ignore-installed", "--no-deps",
		"--retries", "2", "--only-binary", ":all:", "--platform", "any", "--implementation", "py", "--abi", "none", "--target", filepath.Join(work, "target"),
		p.Name + "==" + p.Version,
	}, func(string) {})
	if err != nil {
		var refused *Error
		if err = r.explain(ctx, err, lines); errors.As(err, &refused) {
			return p, false, nil
		}
		return p, false, err
	}
	if len(lock) != 1 {
		return p, false, fmt.Errorf("pip reports %d packages instead of one", len(lock))
	}
	pure = p
	pure.File, pure.SHA256 = lock[0].File, lock[0].SHA256
	return pure, len(pure.SHA256) == 64 && pure.SHA256 != p.SHA256, nil
}
