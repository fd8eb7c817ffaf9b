package confine

import (
	"fmt"
	"os"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Rights to files, of Landlock.
const (
	readRights  = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	fileRights  = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE
	writeRights = readRights | fileRights | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
		unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_SOCK |
		unix.LANDLOCK_ACCESS_FS_MAKE_FIFO | unix.LANDLOCK_ACCESS_FS_MAKE_SYM | unix.LANDLOCK_ACCESS_FS_REFER
	allRights = writeRights | unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK
)

// Versions of Landlock's interface that brought a part of it.
const (
	versionRefer    = 2
	versionTruncate = 3
	versionTCP      = 4
	versionScopes   = 6
)

// landlockVersion returns the version of the kernel's Landlock.
func landlockVersion() (int, error) {
	version, _, err := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if err != 0 {
		return 0, fmt.Errorf("the kernel has no Landlock: %w", err)
	}
	return int(version), nil
}

func (r *rules) handled() uint64 {
	rights := uint64(allRights)
	if r.Version < versionRefer {
		rights &^= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if r.Version < versionTruncate {
		rights &^= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	return rights
}

// apply restricts this thread for good.
func (r *rules) apply() error {
	attr := unix.LandlockRulesetAttr{Handled_access_fs: r.handled()}
	size := unsafe.Sizeof(attr.Handled_access_fs)
	if r.Version >= versionTCP {
		size += unsafe.Sizeof(attr.Handled_access_net)
		if r.NoTCP || len(r.NoPorts) > 0 {
			attr.Handled_access_net = unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
		}
	}
	if r.Version >= versionScopes {
		size += unsafe.Sizeof(attr.Scoped)
		attr.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
	}
	set, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), size, 0)
	if errno != 0 {
		return fmt.Errorf("make the rules: %w", errno)
	}
	defer func() { _ = unix.Close(int(set)) }()
	for _, rule := range r.Files {
		if err := r.allow(int(set), rule); err != nil {
			return err
		}
	}
	if err := r.allowPorts(int(set)); err != nil {
		return err
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, set, 0, 0); errno != 0 {
		return fmt.Errorf("restrict by rules: %w", errno)
	}
	return nil
}

// portRule is landlock_net_port_attr.
type portRule struct{ rights, port uint64 }

// allowPorts allows all ports but some: a rule can only add. That takes 70 ms.
func (r *rules) allowPorts(set int) error {
	if r.NoTCP || len(r.NoPorts) == 0 || r.Version < versionTCP {
		return nil
	}
	for port := range uint64(1 << 16) {
		if slices.Contains(r.NoPorts, uint16(port)) {
			continue
		}
		rule := portRule{unix.LANDLOCK_ACCESS_NET_CONNECT_TCP, port}
		_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(set), landlockRulePort, pointer(&rule), 0, 0, 0)
		if errno != 0 {
			return fmt.Errorf("allow port %d: %w", port, errno)
		}
	}
	return nil
}

// landlockRulePort is LANDLOCK_RULE_NET_PORT.
const landlockRulePort = 2

// allow adds a rule. A path that does not exist needs none.
func (r *rules) allow(set int, rule fileRule) error {
	fd, err := unix.Open(rule.Path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer func() { _ = unix.Close(fd) }()
	var found unix.Stat_t
	if err := unix.Fstat(fd, &found); err != nil {
		return os.NewSyscallError("fstat", err)
	}
	rights := rule.Rights & r.handled()
	if found.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &= fileRights
	}
	attr := unix.LandlockPathBeneathAttr{Allowed_access: rights, Parent_fd: int32(fd)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(set), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&attr)), 0, 0, 0)
	if errno != 0 {
		return fmt.Errorf("allow %s: %w", rule.Path, errno)
	}
	return nil
}
