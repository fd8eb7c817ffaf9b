package confine

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// deepest is how many folders may stand within each other where files are counted. Each
// costs a descriptor while the folders below it are walked.
const deepest = 256

// errTooDeep says that there are folders below the deepest ones that are walked.
var errTooDeep = errors.New("too many folders within each other")

// walk visits all files below a folder, whose own code may run meanwhile: no link leads out of
// it. The path of a file is never resolved, so that a file costs the same at every depth.
// Beyond deepest it goes on with the others, and returns errTooDeep at the end.
func walk(folder *os.Root, depth int, visit func(in *os.Root, name string, stat *syscall.Stat_t) error) error {
	list, err := folder.Open(".")
	if err != nil {
		return ignoreGone(err)
	}
	entries, err := list.ReadDir(-1)
	_ = list.Close()
	if err = ignoreGone(err); err != nil {
		return err
	}
	tooDeep := false
	for _, entry := range entries {
		err := visitEntry(folder, entry, depth, visit)
		if errors.Is(err, errTooDeep) {
			tooDeep = true
		} else if err = ignoreGone(err); err != nil {
			return err
		}
	}
	if tooDeep {
		return errTooDeep
	}
	return nil
}

func visitEntry(folder *os.Root, entry fs.DirEntry, depth int, visit func(in *os.Root, name string, stat *syscall.Stat_t) error) error {
	info, err := folder.Lstat(entry.Name())
	if err != nil {
		return err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		if err := visit(folder, entry.Name(), stat); err != nil {
			return err
		}
	}
	if !info.IsDir() {
		return nil
	}
	if depth == deepest {
		return errTooDeep
	}
	below, err := folder.OpenRoot(entry.Name())
	if err != nil {
		return err
	}
	defer func() { _ = below.Close() }()
	return walk(below, depth+1, visit)
}

func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil
	}
	return err
}
