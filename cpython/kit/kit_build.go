package kit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// scratchPrefix begins the names of folders that only the holder of the lock
// uses.
const scratchPrefix = ".new-"

// build creates a kit in a scratch folder of root and then, in one step, home.
// The caller holds the lock.
func build(ctx context.Context, root, home string, progress func(string)) error {
	scratch, err := os.MkdirTemp(root, scratchPrefix)
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)

	progress(fmt.Sprintf("unpacking Python %s into %s", Version, home))
	fresh := filepath.Join(scratch, "home")
	if err := unpackPython(fresh); err != nil {
		return err
	}
	if err := unpackPip(filepath.Join(fresh, pipFolder)); err != nil {
		return fmt.Errorf("pip: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	progress("compiling the Python library (once)")
	if err := compileLibrary(ctx, fresh, home); err != nil {
		return err
	}
	if err := setModes(fresh); err != nil {
		return err
	}
	if err := writeManifest(fresh); err != nil {
		return err
	}
	// A damaged home may be in use: it is moved aside and removed, so that its
	// mapped files stay valid.
	if err := os.Rename(home, filepath.Join(scratch, "damaged")); err != nil && !os.IsNotExist(err) {
		return err
	}
	return os.Rename(fresh, home)
}

// checkContent compares the files under dir with a contentHash of the module:
// the SHA-256 of all regular files' content, in the order of their full names.
func checkContent(dir, want string) error {
	sum := sha256.New()
	names, err := filesByName(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := copyInto(sum, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		return fmt.Errorf("the unpacked files have the hash %s, not %s: the binary is damaged; install it again", got, want)
	}
	return nil
}

func copyInto(to io.Writer, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(to, file)
	return err
}

// setModes lets every user of the machine read the kit, regardless of the
// umask: a process lane runs under another user than the server.
func setModes(home string) error {
	return filepath.WalkDir(home, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Type() == fs.ModeSymlink {
			return err
		}
		mode := fs.FileMode(0o644)
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Mode()&0o100 != 0 {
			mode = 0o755
		}
		return os.Chmod(path, mode)
	})
}
