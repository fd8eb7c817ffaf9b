package confine

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// applyFilter puts the filter on this thread, and returns the descriptor on
// which the server is asked about connections.
func (p *plan) applyFilter() (*os.File, error) {
	if len(p.Filter) == 0 {
		return nil, nil
	}
	code := make([]unix.SockFilter, len(p.Filter))
	for i, in := range p.Filter {
		code[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	program := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	flags := uintptr(0)
	if p.Watch {
		flags = unix.SECCOMP_FILTER_FLAG_NEW_LISTENER
	}
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return nil, fmt.Errorf("put up the filter of system calls: %w", errno)
	}
	if !p.Watch {
		return nil, nil
	}
	return os.NewFile(fd, "listener"), nil
}
