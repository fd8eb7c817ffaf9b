package confine

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// The users of subtenants are taken from a range that no system assigns, or from
// the upper half of the usual one where this process is in a container that has
// no other.
var userRanges = []users{{2_000_000_000, 2_000_065_536}, {32_768, 60_000}}

// users are those from first up to, and without, end.
type users struct{ first, end uint32 }

// availableUsers returns the range that exists in this process's namespace.
func availableUsers() (users, error) {
	if os.Geteuid() != 0 {
		return users{}, errors.New("the server does not run as root")
	}
	file, err := os.Open("/proc/self/uid_map")
	if err != nil {
		return users{}, fmt.Errorf("find the users of this container: %w", err)
	}
	defer func() { _ = file.Close() }()
	var known []users
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var first, outside, count uint64
		if n, _ := fmt.Sscan(lines.Text(), &first, &outside, &count); n == 3 {
			known = append(known, users{uint32(first), uint32(min(first+count, 1<<32-1))})
		}
	}
	for _, wanted := range userRanges {
		for _, has := range known {
			if has.first <= wanted.first && wanted.end <= has.end {
				return wanted, nil
			}
		}
	}
	return users{}, errors.New("this container has too few users")
}

// firstUser is one that a probe becomes.
func firstUser() (uint32, error) {
	r, err := availableUsers()
	return r.first, err
}

// Owners gives each subtenant a user of this machine: that of its folder. So it
// needs no record, and lasts as long as the folder.
type Owners struct {
	dir string

	mu   sync.Mutex // guards next, and is held while a user is chosen
	next uint32     // 0: not known yet
}

// NewOwners returns the users of the folders in dir.
func NewOwners(dir string) *Owners { return &Owners{dir: dir} }

// Own returns the user of a folder in dir, and gives it all files in the folder.
// Where this server cannot have users, it returns 0.
func (o *Owners) Own(folder string) (uint32, error) {
	r, err := availableUsers()
	if err != nil {
		return 0, nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	user, err := o.userOf(folder, r)
	if err != nil {
		return 0, fmt.Errorf("find a user for %s: %w", folder, err)
	}
	if err := giveFiles(folder, user); err != nil {
		return 0, fmt.Errorf("give the files in %s to user %d: %w", folder, user, err)
	}
	return user, nil
}

func (o *Owners) userOf(folder string, r users) (uint32, error) {
	info, err := os.Lstat(folder)
	if err != nil {
		return 0, err
	}
	if owner := ownerOf(info); owner >= r.first && owner < r.end {
		return owner, nil
	}
	used, err := o.used(r)
	if err != nil {
		return 0, err
	}
	// Not the lowest free one: processes of the last one's subtenant may live a while after its folder.
	for range r.end - r.first {
		user := max(o.next, r.first)
		if o.next = user + 1; o.next >= r.end {
			o.next = r.first
		}
		if !used[user] {
			return user, nil
		}
	}
	return 0, errors.New("all users are taken")
}

// used returns the users of all folders. The first call also finds where to go
// on.
func (o *Owners) used(r users) (map[uint32]bool, error) {
	entries, err := os.ReadDir(o.dir)
	if err != nil {
		return nil, err
	}
	used := map[uint32]bool{}
	last := uint32(0)
	for _, entry := range entries {
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, err
		}
		owner := ownerOf(info)
		used[owner] = true
		if owner >= r.first && owner < r.end {
			last = max(last, owner)
		}
	}
	if o.next == 0 && last != 0 {
		o.next = last + 1
	}
	return used, nil
}

func ownerOf(info fs.FileInfo) uint32 { return info.Sys().(*syscall.Stat_t).Uid }

// giveFiles gives a user all files in a folder that are the server's. The folder's own
// code may run meanwhile: no link leads out of the root that is walked.
func giveFiles(folder string, user uint32) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	server := uint32(os.Geteuid())
	err = walk(root, 1, func(in *os.Root, name string, stat *syscall.Stat_t) error {
		if stat.Uid != server {
			return nil
		}
		return in.Lchown(name, int(user), int(user))
	})
	if err != nil && !errors.Is(err, errTooDeep) { // those keep their owner
		return err
	}
	return os.Lchown(filepath.Clean(folder), int(user), int(user)) // last: it says that all is done
}
