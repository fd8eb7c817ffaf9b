package environment

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// errTooLarge reports that an environment would exceed its limits.
var errTooLarge = errors.New("too large")

// clashError reports that two packages do not fit into one folder.
type clashError struct{ path, one, other string }

func (e *clashError) Error() string {
	return fmt.Sprintf("The packages %s and %s cannot be installed together: %s is a file of one and a folder of the other.", e.one, e.other, e.path)
}

// copier merges folders into one. It is used by one goroutine.
type copier struct {
	to    string
	from  map[string]string // the paths relative to to → the first package that has them, for a file the last one
	bytes int64             // that may still be added
	files int               // the same, folders included
	log   func(string)

	noClone bool // the file system does not support it
	told    map[[2]string]bool
}

// add copies the content of a folder. A file that another package has too is
// replaced, as pip does.
func (c *copier) add(ctx context.Context, folder, name string) error {
	return filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		relative, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		target := filepath.Join(c.to, relative)
		there, err := os.Lstat(target)
		known := err == nil
		switch {
		case !entry.IsDir() && !entry.Type().IsRegular():
			return fmt.Errorf("%s is neither a file nor a folder", relative)
		case known && there.IsDir() != entry.IsDir():
			return &clashError{relative, c.from[relative], name}
		case !entry.IsDir():
			c.noteOverlap(relative, name)
			return c.file(path, target)
		case known:
			return nil
		}
		if c.files--; c.files < 0 {
			return errTooLarge
		}
		c.from[relative] = name
		return os.Mkdir(target, 0o755)
	})
}

// noteOverlap reports once that two packages have the same file.
func (c *copier) noteOverlap(relative, name string) {
	other, there := c.from[relative]
	c.from[relative] = name
	if !there || other == name || c.told[[2]string{other, name}] {
		return
	}
	if c.told == nil {
		c.told = map[[2]string]bool{}
	}
	c.told[[2]string{other, name}] = true
	c.log(fmt.Sprintf("Both %s and %s contain %s; that of %s is used.", other, name, relative, name))
}

func (c *copier) file(from, to string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	info, err := source.Stat()
	if err != nil {
		return err
	}
	c.bytes -= info.Size()
	if c.files--; c.bytes < 0 || c.files < 0 {
		return errTooLarge
	}
	mode := fs.FileMode(0o644) | info.Mode()&0o111
	target, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	if !c.noClone {
		if unix.IoctlFileClone(int(target.Fd()), int(source.Fd())) == nil {
			return nil
		}
		c.noClone = true
	}
	_, err = io.Copy(target, source)
	return err
}
