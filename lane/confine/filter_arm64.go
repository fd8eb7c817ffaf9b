package confine

import "golang.org/x/sys/unix"

const (
	architecture = unix.AUDIT_ARCH_AARCH64
	x32Bit       = 0x40000000 // no system call has such a number
)

// refusedHere are those that only this processor has.
var refusedHere = map[unix.Errno][]uint32{}
