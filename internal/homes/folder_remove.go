package homes

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// mostOpen is how many folders within each other are open during a removal.
const mostOpen = 64

// removeAll is os.RemoveAll for a folder that functions have written: that one holds a
// descriptor for each folder of those within each other, and a function can make so many that
// the server had none left to accept connections with. Deep folders are moved up here.
// It is no error that the path does not exist.
func removeAll(path string) error {
	parent, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return ignoreGone(err)
	}
	defer func() { _ = parent.Close() }()
	name := filepath.Base(path)
	info, err := parent.Lstat(name)
	if err != nil {
		return ignoreGone(err)
	}
	if info.IsDir() {
		if err := removeBelow(parent, name); err != nil {
			return err
		}
	}
	return ignoreGone(parent.Remove(name))
}

func removeBelow(parent *os.Root, name string) error {
	top, err := parent.OpenRoot(name)
	if err != nil {
		return ignoreGone(err)
	}
	defer func() { _ = top.Close() }()
	r := remover{top: top}
	for moved := -1; moved != r.moved; {
		moved = r.moved
		if err := r.empty(top, 1); err != nil {
			return err
		}
	}
	return nil
}

// remover empties a folder.
type remover struct {
	top   *os.Root
	moved int // folders that were moved to it
}

func (r *remover) empty(folder *os.Root, depth int) error {
	list, err := folder.Open(".")
	if err != nil {
		return ignoreGone(err)
	}
	defer func() { _ = list.Close() }()
	entries, err := list.ReadDir(-1)
	if err != nil {
		return ignoreGone(err)
	}
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case !entry.IsDir():
		case depth == mostOpen:
			if err := r.moveUp(list, name); err != nil {
				return err
			}
			continue
		default:
			below, err := folder.OpenRoot(name)
			if err != nil {
				return ignoreGone(err)
			}
			err = r.empty(below, depth+1)
			_ = below.Close()
			if err != nil {
				return err
			}
		}
		if err := ignoreGone(folder.Remove(name)); err != nil {
			return err
		}
	}
	return nil
}

// moveUp moves a folder to the top, from where it is removed in the next round.
func (r *remover) moveUp(from *os.File, name string) error {
	to, err := r.top.Open(".")
	if err != nil {
		return err
	}
	defer func() { _ = to.Close() }()
	for {
		r.moved++
		err := unix.Renameat(int(from.Fd()), name, int(to.Fd()), ".deep-"+strconv.Itoa(r.moved))
		taken := errors.Is(err, unix.EEXIST) || errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.ENOTDIR)
		if !taken { // an empty folder of that name is replaced
			return ignoreGone(err)
		}
	}
}

func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
