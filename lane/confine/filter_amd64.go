package confine

import "golang.org/x/sys/unix"

const (
	architecture = unix.AUDIT_ARCH_X86_64
	x32Bit       = 0x40000000 // of the numbers of a second set of system calls
)

// refusedHere are those that only this processor has.
var refusedHere = map[unix.Errno][]uint32{
	unix.EPERM: {
		unix.SYS_IOPL, unix.SYS_IOPERM, unix.SYS_MODIFY_LDT, unix.SYS_USTAT, unix.SYS_SYSFS, unix.SYS_USELIB,
		unix.SYS_CREATE_MODULE, unix.SYS_QUERY_MODULE, unix.SYS_GET_KERNEL_SYMS, unix.SYS__SYSCTL,
	},
}
