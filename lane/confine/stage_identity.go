package confine

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// becomeUser gives up the server's user. The calls are the kernel's, for this
// thread, and not libc's, which would take all threads along.
func (p *plan) becomeUser() error {
	if p.Groups {
		if _, _, err := unix.RawSyscall(unix.SYS_SETGROUPS, 0, 0, 0); err != 0 {
			return fmt.Errorf("give up the groups: %w", err)
		}
	}
	if p.User == 0 {
		return nil
	}
	user := uintptr(p.User)
	if _, _, err := unix.RawSyscall(unix.SYS_SETRESGID, user, user, user); err != 0 {
		return fmt.Errorf("become group %d: %w", user, err)
	}
	if err := keepCapabilities(); err != nil {
		return err
	}
	if _, _, err := unix.RawSyscall(unix.SYS_SETRESUID, user, user, user); err != 0 {
		return fmt.Errorf("become user %d: %w", user, err)
	}
	return nil
}

// keepCapabilities has the thread keep its capabilities when it becomes another
// user: the next step needs one to give them all up.
func keepCapabilities() error {
	if err := unix.Prctl(unix.PR_SET_KEEPCAPS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("keep capabilities: %w", err)
	}
	return nil
}

// dropPrivileges gives up all capabilities, for this program and all that it
// executes, and settles what the change of the user has undone.
func dropPrivileges(deathSignal int) error {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&head, &sets[0]); err != nil {
		return fmt.Errorf("read capabilities: %w", err)
	}
	if sets[unix.CAP_SETPCAP/32].Permitted&(1<<(unix.CAP_SETPCAP%32)) != 0 {
		for i := range sets { // permitted ones became ineffective with the change of the user
			sets[i].Effective = sets[i].Permitted
		}
		if err := unix.Capset(&head, &sets[0]); err != nil {
			return fmt.Errorf("use capabilities: %w", err)
		}
		for capability := uintptr(0); ; capability++ {
			if err := unix.Prctl(unix.PR_CAPBSET_DROP, capability, 0, 0, 0); err == unix.EINVAL { // the last one was before
				break
			} else if err != nil {
				return fmt.Errorf("give up capability %d: %w", capability, err)
			}
		}
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return fmt.Errorf("give up inherited capabilities: %w", err)
	}
	sets = [2]unix.CapUserData{}
	if err := unix.Capset(&head, &sets[0]); err != nil {
		return fmt.Errorf("give up capabilities: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("set no_new_privs: %w", err)
	}
	if deathSignal != 0 { // cleared with the user
		if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(deathSignal), 0, 0, 0); err != nil {
			return fmt.Errorf("ask for the signal at the server's end: %w", err)
		}
	}
	return nil
}

func (p *plan) setLimits() error {
	for resource, bound := range p.Limits {
		var was unix.Rlimit
		if err := unix.Getrlimit(resource, &was); err != nil {
			return os.NewSyscallError("getrlimit", err)
		}
		limit := unix.Rlimit{Cur: min(bound, was.Max), Max: min(bound, was.Max)}
		if err := unix.Prlimit(0, resource, &limit, nil); err != nil {
			return fmt.Errorf("set limit %d to %d: %w", resource, bound, err)
		}
	}
	return nil
}
