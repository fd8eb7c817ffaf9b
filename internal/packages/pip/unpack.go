package pip

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"maestro/internal/model"
)

// unpack is a Python program: it runs pip, which downloads or builds wheels, then
// unpacks them as pip does, each into its own folder, and compiles their modules.
//
//go:embed unpack.py
var unpack string

// Unpack downloads packages of a lock, checks their hashes, and unpacks each
// into the folder that is its key, which must exist and be empty. Their modules
// are compiled independently of timestamps. Packages that would exceed maxBytes
// or maxFiles, folders included, are refused before anything is unpacked. After
// a failure the content of the folders is unusable. The errors are those of
// Resolve.
func (r *Runner) Unpack(ctx context.Context, folders map[string]model.LockedPackage, maxBytes int64, maxFiles int, log func(line string)) error {
	if len(folders) == 0 {
		return nil
	}
	work, remove, err := r.workFolder()
	if err != nil {
		return err
	}
	defer remove()
	var wanted strings.Builder
	byName := map[string]string{}
	for folder, p := range folders {
		fmt.Fprintf(&wanted, "%s==%s --hash=sha256:%s\n", p.Name, p.Version, p.SHA256)
		byName[p.Name] = folder
	}
	list, wheels := filepath.Join(work, "requirements.txt"), filepath.Join(work, "wheels")
	if err := os.WriteFile(list, []byte(wanted.String()), 0o600); err != nil {
		return fmt.Errorf("write the wheels for pip: %w", err)
	}
	input, err := json.Marshal(map[string]any{"wheels": wheels, "folders": byName, "bytes": min(maxBytes, r.opts.MaxBytes), "files": maxFiles})
	if err != nil {
		return fmt.Errorf("encode the wheels to unpack: %w", err)
	}
	args := []string{"-P", "-c", unpack}
	if r.opts.AllowSource {
		args = append(args, "wheel", "--wheel-dir", wheels) // builds those without a wheel
		args = append(args, r.sources()...)
	} else {
		args = append(args, "download", "--only-binary", ":all:", "--dest", wheels)
	}
	args = append(args, "--no-deps", "--require-hashes", "--retries", "2", "--requirement", list)
	// Compiling adds a file for each module, and folders for them.
	lines, _, err := r.run(ctx, job{work: work, grows: slices.Sorted(maps.Keys(folders)), files: 3 * maxFiles, input: input, log: log, args: args})
	if err != nil {
		return r.explain(ctx, err, lines)
	}
	return nil
}
