package confine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// old is where the server's view stands while the new one is built.
const old = "/.old"

// devices that a program finds.
var devices = []string{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"}

// enter makes the view, and leaves the server's.
func (v *view) enter() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return fmt.Errorf("detach the mounts: %w", err)
	}
	if err := unix.Mount("maestro", v.Base, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755,size=4m"); err != nil {
		return fmt.Errorf("mount a file system in memory: %w", err)
	}
	if err := os.Mkdir(v.Base+old, 0o700); err != nil {
		return err
	}
	if err := unix.PivotRoot(v.Base, v.Base+old); err != nil {
		return fmt.Errorf("change the root: %w", err)
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	if err := v.fill(); err != nil {
		return err
	}
	if err := unix.Unmount(old, unix.MNT_DETACH); err != nil {
		return fmt.Errorf("leave the old root: %w", err)
	}
	if err := os.Remove(old); err != nil {
		return err
	}
	return setMount("/", unix.MOUNT_ATTR_RDONLY, 0)
}

func (v *view) fill() error {
	if err := v.makeDevices(); err != nil {
		return err
	}
	if err := v.makeProc(); err != nil {
		return err
	}
	if err := bind(v.Temp, "/tmp", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV); err != nil {
		return err
	}
	if err := v.bindAll(); err != nil {
		return err
	}
	for path, text := range v.Files {
		if err := makeFile(path, text); err != nil {
			return err
		}
	}
	for _, link := range append(v.Links, link{"/var/tmp", "/tmp"}) {
		if err := v.makeLink(link); err != nil {
			return err
		}
	}
	return nil
}

// bindAll shows the paths that are read and written, a folder before those in it.
func (v *view) bindAll() error {
	paths := slices.Concat(v.Read, v.Write, v.Hide)
	slices.Sort(paths)
	for _, path := range slices.Compact(paths) {
		attributes := uint64(unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV)
		var err error
		switch {
		case slices.Contains(v.Write, path):
			err = bind(path, path, attributes)
		case slices.Contains(v.Hide, path):
			err = mountNew("tmpfs", path, "mode=0755,size=4m")
		default:
			err = bind(path, path, attributes|unix.MOUNT_ATTR_RDONLY)
		}
		if err != nil {
			return err
		}
	}
	for _, path := range v.Hide { // the paths in it have their places by now
		if err := setMount(path, unix.MOUNT_ATTR_RDONLY, 0); err != nil {
			return err
		}
	}
	return nil
}

// makeLink makes a link, unless its path is there already: in a folder that was
// mounted.
func (v *view) makeLink(l link) error {
	if _, err := os.Lstat(l.Path); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(l.Path), 0o755); err != nil {
		return err
	}
	return os.Symlink(l.Target, l.Path)
}

func makeFile(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o444)
}

// bind makes a path of the server's view appear in this one.
func bind(source, target string, attributes uint64) error {
	source = old + source
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(target); err != nil {
		if err := makePlace(target, info.IsDir()); err != nil {
			return err
		}
	}
	if err := unix.Mount(source, target, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("show %s: %w", target, err)
	}
	return setMount(target, attributes, unix.AT_RECURSIVE)
}

// makePlace makes what something can be mounted on.
func makePlace(path string, folder bool) error {
	if folder {
		return os.MkdirAll(path, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, nil, 0o444)
}

func setMount(path string, attributes uint64, flags uint) error {
	if err := unix.MountSetattr(unix.AT_FDCWD, path, flags, &unix.MountAttr{Attr_set: attributes}); err != nil {
		return fmt.Errorf("restrict the mount of %s: %w", path, err)
	}
	return nil
}

func (v *view) makeDevices() error {
	for _, device := range devices {
		err := bind(device, device, unix.MOUNT_ATTR_NOSUID)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	links := []link{{"/dev/fd", "/proc/self/fd"}, {"/dev/stdin", "/proc/self/fd/0"}, {"/dev/stdout", "/proc/self/fd/1"}, {"/dev/stderr", "/proc/self/fd/2"}}
	for _, link := range links {
		if err := v.makeLink(link); err != nil {
			return err
		}
	}
	if err := mountNew("tmpfs", "/dev/shm", fmt.Sprintf("mode=1777,size=%d", v.Shared)); err != nil {
		return err
	}
	if err := mountNew("devpts", "/dev/pts", "newinstance,ptmxmode=0666,mode=0600"); err != nil {
		return nil // without terminals, as in many containers
	}
	return v.makeLink(link{"/dev/ptmx", "/dev/pts/ptmx"})
}

func mountNew(kind, path, options string) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	flags := uintptr(unix.MS_NOSUID | unix.MS_NODEV)
	if kind == "devpts" {
		flags = unix.MS_NOSUID
	}
	if err := unix.Mount(kind, path, kind, flags, options); err != nil {
		return fmt.Errorf("mount %s: %w", path, err)
	}
	return nil
}

// makeProc shows the own processes; without a namespace for them, figures of
// the machine only.
func (v *view) makeProc() error {
	if v.Proc {
		return mountNew("proc", "/proc", "")
	}
	for _, path := range figures {
		if err := bind(path, path, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_RDONLY); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// within reports whether a path is that folder or in it.
func within(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, strings.TrimSuffix(folder, "/")+"/")
}
