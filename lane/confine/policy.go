package confine

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
)

// Policy says what one program, and all processes that it starts, may use. All
// paths are absolute.
type Policy struct {
	Readable  []string // files and folders that it reads and executes: Python, its packages, its own binary
	Hidden    []string // folders that it does not see, should they be in a folder of the system
	Scratch   string   // the folder that it writes, its home
	Temporary string   // a folder in Scratch that is its /tmp
	// User is the uid and gid that it runs as where the measure UID holds; 0: the
	// server's. The files in Scratch must belong to it (Own).
	User uint32
	// Network decides about its connections; nil: they are its own.
	Network *Destinations

	Tasks  int   // processes and threads; 0: no bound
	Files  int   // descriptors of one process; 0: no bound
	File   int64 // bytes of one file; 0: no bound
	Data   int64 // bytes of memory that one process may ask for, as a backstop; 0: no bound
	Shared int64 // bytes in its /dev/shm; 0: 64 MiB
	// Group names the programs whose Memory and Tasks are bounded together, where the measure
	// Cgroup holds; empty: none. It must be a name that a folder can have.
	Group  string
	Memory int64 // bytes that the processes of the group may hold; 0: no bound
}

const defaultShared = 64 << 20

func (p *Policy) check() error {
	for _, path := range slices.Concat(p.Readable, p.Hidden, []string{p.Scratch, p.Temporary}) {
		if !filepath.IsAbs(path) {
			return fmt.Errorf("the path %q of a confined program is not absolute", path)
		}
	}
	if within, err := filepath.Rel(p.Scratch, p.Temporary); err != nil || !filepath.IsLocal(within) {
		return errors.New("the folder for temporary files must be in the program's own folder")
	}
	return nil
}

func (p *Policy) shared() int64 {
	if p.Shared > 0 {
		return p.Shared
	}
	return defaultShared
}
