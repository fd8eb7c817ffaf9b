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

// unpackWheels is a Python program that unpacks wheels as pip does, each into
// its own folder, and compiles their modules.
//
//go:embed unpack_wheels.py
var unpackWheels string

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
	grows := make([]string, 0, len(folders))
	for folder, p := range folders {
		fmt.Fprintf(&wanted, "%s==%s --hash=sha256:%s\n", p.Name, p.Version, p.SHA256)
		grows = append(grows, folder)
	}
	slices.Sort(grows)
	list, wheels := filepath.Join(work, "requirements.txt"), filepath.Join(work, "wheels")
	if err := os.WriteFile(list, []byte(wanted.String()), 0o600); err != nil {
		return fmt.Errorf("write the wheels for pip: %w", err)
	}
	args := []string{"-m", "pip", "download", "--only-binary", ":all:", "--dest", wheels}
	if r.opts.AllowSource {
		args = append([]string{"-m", "pip", "wheel", "--wheel-dir", wheels}, r.sources()...) // builds those without a wheel
	}
	args = append(args, "--no-deps", "--require-hashes", "--retries", "2", "--requirement", list)
	lines, _, err := r.run(ctx, job{work: work, log: log, args: args})
	if err != nil {
		return r.explain(ctx, err, lines)
	}
	jobs, err := findWheels(wheels, folders)
	if err != nil {
		return err
	}
	input, err := json.Marshal(map[string]any{"jobs": jobs, "bytes": min(maxBytes, r.opts.MaxBytes), "files": maxFiles})
	if err != nil {
		return fmt.Errorf("encode the wheels to unpack: %w", err)
	}
	// Compiling adds a file for each module, and folders for them.
	lines, _, err = r.run(ctx, job{work: work, grows: grows, files: 3 * maxFiles, input: input, answers: true, log: log, args: []string{"-c", unpackWheels}})
	if err != nil {
		return r.explain(ctx, err, lines)
	}
	return nil
}

// unpackJob is the input of unpackWheels.
type unpackJob struct {
	Name   string `json:"name"`
	Wheel  string `json:"wheel"`
	Folder string `json:"folder"`
}

// findWheels matches the files that pip has downloaded with the folders.
func findWheels(dir string, folders map[string]model.LockedPackage) ([]unpackJob, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("find the downloaded wheels: %w", err)
	}
	found := map[string]string{}
	for _, entry := range entries {
		name, _, _ := strings.Cut(entry.Name(), "-")
		if normal, err := requirement.Normalize(name); err == nil && strings.HasSuffix(entry.Name(), ".whl") {
			found[normal] = filepath.Join(dir, entry.Name())
		}
	}
	var jobs []unpackJob
	for folder, p := range folders {
		wheel, ok := found[p.Name]
		if !ok {
			return nil, fmt.Errorf("pip has not downloaded a wheel of %s %s", p.Name, p.Version)
		}
		jobs = append(jobs, unpackJob{Name: p.Name, Wheel: wheel, Folder: folder})
	}
	return jobs, nil
}
