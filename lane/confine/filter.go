package confine

import (
	"slices"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// Offsets in what a filter sees of a system call: its number, the processor's
// architecture, and the lower and upper halves of its arguments.
const (
	numberAt = 0
	archAt   = 4
	argsAt   = 16
)

func lower(arg uint32) uint32 { return argsAt + 8*arg }
func upper(arg uint32) uint32 { return argsAt + 8*arg + 4 }

// Answers of a filter.
const (
	allow  = unix.SECCOMP_RET_ALLOW
	notify = unix.SECCOMP_RET_USER_NOTIF
)

func refuse(errno unix.Errno) uint32 { return unix.SECCOMP_RET_ERRNO | uint32(errno) }

// refused are the system calls that no function needs, by the error that they
// get: ENOSYS where a library then does without, as libc does without clone3,
// whose flags a filter cannot see.
var refused = map[unix.Errno][]uint32{
	unix.EPERM: {
		// Other processes' memory and descriptors.
		unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PROCESS_MADVISE, unix.SYS_KCMP, unix.SYS_PIDFD_GETFD,
		// Parts of the kernel with a history of faults, or that look into it.
		unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD, unix.SYS_LOOKUP_DCOOKIE, unix.SYS_FANOTIFY_INIT, unix.SYS_FANOTIFY_MARK,
		unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_KEYCTL,
		// Namespaces and mounts.
		unix.SYS_SETNS, unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_OPEN_TREE, unix.SYS_MOVE_MOUNT,
		unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK, unix.SYS_MOUNT_SETATTR, unix.SYS_OPEN_BY_HANDLE_AT,
		// The machine.
		unix.SYS_KEXEC_LOAD, unix.SYS_KEXEC_FILE_LOAD, unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_REBOOT,
		unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_ACCT, unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_ADJTIMEX, unix.SYS_CLOCK_ADJTIME,
		unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME, unix.SYS_SYSLOG, unix.SYS_QUOTACTL, unix.SYS_QUOTACTL_FD, unix.SYS_VHANGUP,
		unix.SYS_NFSSERVCTL, unix.SYS_MIGRATE_PAGES, unix.SYS_MOVE_PAGES, unix.SYS_PERSONALITY,
	},
	unix.ENOSYS: {
		unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER, unix.SYS_CLONE3,
	},
}

// namespaceFlags are those of clone and unshare.
const namespaceFlags = unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWIPC |
	unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWTIME

// Families and kinds of sockets that a function may make. Others reach parts of
// the kernel that it does not need, or connect in ways that the watch does not see.
var (
	families  = []uint32{unix.AF_UNIX, unix.AF_INET, unix.AF_INET6, unix.AF_NETLINK}
	protocols = []uint32{0, unix.IPPROTO_TCP, unix.IPPROTO_UDP}
)

// filter returns the program that the kernel runs at each system call. With
// watch, the server is asked about connections.
func filter(watch bool) ([]bpf.RawInstruction, error) {
	b := &builder{}
	b.load(archAt)
	b.unless(bpf.JumpEqual, architecture, unix.SECCOMP_RET_KILL_PROCESS)
	b.load(numberAt)
	b.when(bpf.JumpGreaterOrEqual, x32Bit, refuse(unix.ENOSYS))
	errnos := make([]unix.Errno, 0, len(refused))
	for errno := range refused {
		errnos = append(errnos, errno)
	}
	slices.Sort(errnos)
	for _, errno := range errnos {
		for _, number := range slices.Concat(refused[errno], refusedHere[errno]) {
			b.when(bpf.JumpEqual, number, refuse(errno))
		}
	}
	b.call(unix.SYS_CLONE, func(b *builder) {
		b.load(lower(0))
		b.when(bpf.JumpBitsSet, namespaceFlags&^unix.CLONE_NEWTIME, refuse(unix.EPERM)) // that bit is a signal's there
	})
	b.call(unix.SYS_UNSHARE, func(b *builder) {
		b.load(lower(0))
		b.when(bpf.JumpBitsSet, namespaceFlags, refuse(unix.EPERM))
	})
	// A second listener would be asked instead of the server's.
	b.call(unix.SYS_SECCOMP, func(b *builder) {
		b.load(lower(1))
		b.when(bpf.JumpBitsSet, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, refuse(unix.EPERM))
	})
	b.call(unix.SYS_IOCTL, func(b *builder) {
		b.load(lower(1))
		b.when(bpf.JumpEqual, unix.TIOCSTI, refuse(unix.EPERM))
		b.when(bpf.JumpEqual, unix.TIOCLINUX, refuse(unix.EPERM))
	})
	// The server changes the limit of file sizes when the folder is full (Space).
	b.call(unix.SYS_SETRLIMIT, func(b *builder) {
		b.load(lower(0))
		b.when(bpf.JumpEqual, unix.RLIMIT_FSIZE, refuse(unix.EPERM))
	})
	b.call(unix.SYS_PRLIMIT64, func(b *builder) {
		b.load(lower(1))
		b.skip(func(b *builder) {
			b.load(lower(2))
			b.when(bpf.JumpNotEqual, 0, refuse(unix.EPERM))
			b.load(upper(2))
			b.when(bpf.JumpNotEqual, 0, refuse(unix.EPERM))
		}, unix.RLIMIT_FSIZE)
	})
	b.call(unix.SYS_SOCKET, filterSocket)
	b.call(unix.SYS_SOCKETPAIR, func(b *builder) {
		b.load(lower(0))
		b.unless(bpf.JumpEqual, unix.AF_UNIX, refuse(unix.EAFNOSUPPORT))
	})
	if watch {
		filterConnections(b)
	}
	b.add(bpf.RetConstant{Val: allow})
	return bpf.Assemble(b.program)
}

func filterSocket(b *builder) {
	b.load(lower(0))
	b.oneOf(families, refuse(unix.EAFNOSUPPORT))
	b.load(lower(1))
	b.add(bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0xf})
	b.when(bpf.JumpEqual, unix.SOCK_PACKET, refuse(unix.EPERM))
	b.load(lower(0))
	b.skip(func(b *builder) { // of the internet: those that the watch knows
		b.load(lower(1))
		b.add(bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0xf})
		b.when(bpf.JumpEqual, unix.SOCK_RAW, refuse(unix.EPERM))
		b.load(lower(2))
		b.oneOf(protocols, refuse(unix.EPROTONOSUPPORT))
	}, unix.AF_INET, unix.AF_INET6)
	b.load(lower(0))
	b.skip(func(b *builder) { // routes and addresses, which libc looks up
		b.load(lower(2))
		b.unless(bpf.JumpEqual, unix.NETLINK_ROUTE, refuse(unix.EPROTONOSUPPORT))
	}, unix.AF_NETLINK)
}

// filterConnections asks the server about what connects, or may send to an
// address: sendto has it in an argument; sendmsg in memory, which a filter
// cannot see.
func filterConnections(b *builder) {
	for _, number := range []uint32{unix.SYS_SENDTO, unix.SYS_SENDMSG, unix.SYS_SENDMMSG} {
		b.call(number, func(b *builder) { // connects by itself
			flags := map[uint32]uint32{unix.SYS_SENDTO: 3, unix.SYS_SENDMSG: 2, unix.SYS_SENDMMSG: 3}[number]
			b.load(lower(flags))
			b.when(bpf.JumpBitsSet, unix.MSG_FASTOPEN, refuse(unix.EOPNOTSUPP))
		})
	}
	b.call(unix.SYS_SENDTO, func(b *builder) {
		b.load(lower(4))
		b.when(bpf.JumpNotEqual, 0, notify)
		b.load(upper(4))
		b.when(bpf.JumpNotEqual, 0, notify)
	})
	for _, number := range []uint32{unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_SENDMSG, unix.SYS_SENDMMSG} {
		b.when(bpf.JumpEqual, number, notify)
	}
}

// builder makes a program, in which jumps are short and forward.
type builder struct{ program []bpf.Instruction }

func (b *builder) add(instructions ...bpf.Instruction) {
	b.program = append(b.program, instructions...)
}

func (b *builder) load(offset uint32) { b.add(bpf.LoadAbsolute{Off: offset, Size: 4}) }

// when ends with an answer if the loaded value meets a condition.
func (b *builder) when(test bpf.JumpTest, value, answer uint32) {
	b.add(bpf.JumpIf{Cond: test, Val: value, SkipFalse: 1}, bpf.RetConstant{Val: answer})
}

// unless ends with an answer if the loaded value does not meet a condition.
func (b *builder) unless(test bpf.JumpTest, value, answer uint32) {
	b.add(bpf.JumpIf{Cond: test, Val: value, SkipTrue: 1}, bpf.RetConstant{Val: answer})
}

// oneOf ends with an answer if the loaded value is none of those.
func (b *builder) oneOf(values []uint32, answer uint32) {
	for i, value := range values {
		b.add(bpf.JumpIf{Cond: bpf.JumpEqual, Val: value, SkipTrue: uint8(len(values) - i)})
	}
	b.add(bpf.RetConstant{Val: answer})
}

// skip adds instructions that are for some loaded values only.
func (b *builder) skip(body func(*builder), values ...uint32) {
	inner := &builder{}
	body(inner)
	for i, value := range values {
		b.add(bpf.JumpIf{Cond: bpf.JumpEqual, Val: value, SkipTrue: uint8(len(values) - i)})
	}
	b.add(bpf.Jump{Skip: uint32(len(inner.program))})
	b.add(inner.program...)
}

// call adds instructions for one system call, whose number is loaded before and
// after them.
func (b *builder) call(number uint32, body func(*builder)) {
	b.skip(func(b *builder) {
		body(b)
		b.load(numberAt)
	}, number)
}
