package confine

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// judge runs the filter on a system call.
func judge(t *testing.T, watch bool, arch, number uint32, args ...uint64) uint32 {
	t.Helper()
	raw, err := filter(watch)
	require.NoError(t, err)
	program, all := bpf.Disassemble(raw)
	require.True(t, all)
	machine, err := bpf.NewVM(program)
	require.NoError(t, err)
	// The kernel's words are of its own order, a packet's of the network's.
	call := binary.BigEndian.AppendUint32(nil, number)
	call = binary.BigEndian.AppendUint32(call, arch)
	call = binary.BigEndian.AppendUint64(call, 0)
	for i := range 6 {
		var arg uint64
		if i < len(args) {
			arg = args[i]
		}
		call = binary.BigEndian.AppendUint32(call, uint32(arg))
		call = binary.BigEndian.AppendUint32(call, uint32(arg>>32))
	}
	answer, err := machine.Run(call)
	require.NoError(t, err)
	return uint32(answer)
}

func TestFilterOfSystemCalls(t *testing.T) {
	t.Parallel()
	const high = 1 << 40
	for name, test := range map[string]struct {
		number uint32
		args   []uint64
		watch  bool
		want   uint32
	}{
		"read":                             {unix.SYS_READ, nil, true, allow},
		"ptrace":                           {unix.SYS_PTRACE, nil, true, refuse(unix.EPERM)},
		"mount":                            {unix.SYS_MOUNT, nil, false, refuse(unix.EPERM)},
		"clone3":                           {unix.SYS_CLONE3, nil, true, refuse(unix.ENOSYS)},
		"a fork":                           {unix.SYS_CLONE, []uint64{uint64(unix.SIGCHLD)}, true, allow},
		"a thread":                         {unix.SYS_CLONE, []uint64{unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_THREAD}, true, allow},
		"a namespace":                      {unix.SYS_CLONE, []uint64{unix.CLONE_NEWUSER | uint64(unix.SIGCHLD)}, true, refuse(unix.EPERM)},
		"a current directory of its own":   {unix.SYS_UNSHARE, []uint64{unix.CLONE_FS}, true, allow},
		"an unshared namespace":            {unix.SYS_UNSHARE, []uint64{unix.CLONE_NEWNET}, true, refuse(unix.EPERM)},
		"a filter":                         {unix.SYS_SECCOMP, []uint64{1, 0}, true, allow},
		"a filter with a listener":         {unix.SYS_SECCOMP, []uint64{1, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER}, true, refuse(unix.EPERM)},
		"TCP":                              {unix.SYS_SOCKET, []uint64{unix.AF_INET, unix.SOCK_STREAM | unix.SOCK_CLOEXEC, 0}, true, allow},
		"UDP":                              {unix.SYS_SOCKET, []uint64{unix.AF_INET6, unix.SOCK_DGRAM, unix.IPPROTO_UDP}, true, allow},
		"MPTCP":                            {unix.SYS_SOCKET, []uint64{unix.AF_INET, unix.SOCK_STREAM, 262}, true, refuse(unix.EPROTONOSUPPORT)},
		"SCTP":                             {unix.SYS_SOCKET, []uint64{unix.AF_INET6, unix.SOCK_STREAM, unix.IPPROTO_SCTP}, true, refuse(unix.EPROTONOSUPPORT)},
		"a raw socket":                     {unix.SYS_SOCKET, []uint64{unix.AF_INET, unix.SOCK_RAW, 1}, true, refuse(unix.EPERM)},
		"a packet socket":                  {unix.SYS_SOCKET, []uint64{unix.AF_PACKET, unix.SOCK_RAW, 0}, true, refuse(unix.EAFNOSUPPORT)},
		"an old packet socket":             {unix.SYS_SOCKET, []uint64{unix.AF_INET, unix.SOCK_PACKET, 0}, true, refuse(unix.EPERM)},
		"routes":                           {unix.SYS_SOCKET, []uint64{unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE}, true, allow},
		"audit":                            {unix.SYS_SOCKET, []uint64{unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_AUDIT}, true, refuse(unix.EPROTONOSUPPORT)},
		"a pair":                           {unix.SYS_SOCKETPAIR, []uint64{unix.AF_UNIX, unix.SOCK_STREAM, 0}, true, allow},
		"connect":                          {unix.SYS_CONNECT, nil, true, notify},
		"connect, not watched":             {unix.SYS_CONNECT, nil, false, allow},
		"bind":                             {unix.SYS_BIND, nil, true, notify},
		"send":                             {unix.SYS_SENDTO, nil, true, allow},
		"send to an address":               {unix.SYS_SENDTO, []uint64{0, 0, 0, 0, high}, true, notify},
		"send to a low address":            {unix.SYS_SENDTO, []uint64{0, 0, 0, 0, 1}, true, notify},
		"sendmsg":                          {unix.SYS_SENDMSG, nil, true, notify},
		"sendmmsg":                         {unix.SYS_SENDMMSG, nil, true, notify},
		"a fast open":                      {unix.SYS_SENDTO, []uint64{0, 0, 0, unix.MSG_FASTOPEN, high}, true, refuse(unix.EOPNOTSUPP)},
		"a fast open by sendmsg":           {unix.SYS_SENDMSG, []uint64{0, 0, unix.MSG_FASTOPEN}, true, refuse(unix.EOPNOTSUPP)},
		"the limit of files, read":         {unix.SYS_PRLIMIT64, []uint64{0, unix.RLIMIT_FSIZE, 0}, true, allow},
		"the limit of files":               {unix.SYS_PRLIMIT64, []uint64{0, unix.RLIMIT_FSIZE, high}, true, refuse(unix.EPERM)},
		"the limit of files, by setrlimit": {unix.SYS_SETRLIMIT, []uint64{unix.RLIMIT_FSIZE}, true, refuse(unix.EPERM)},
		"another limit":                    {unix.SYS_PRLIMIT64, []uint64{0, unix.RLIMIT_NOFILE, high}, true, allow},
		"io_uring":                         {unix.SYS_IO_URING_SETUP, nil, true, refuse(unix.ENOSYS)},
		"another set of system calls":      {x32Bit | unix.SYS_CONNECT, nil, true, refuse(unix.ENOSYS)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, judge(t, test.watch, architecture, test.number, test.args...))
		})
	}
	require.EqualValues(t, unix.SECCOMP_RET_KILL_PROCESS, judge(t, true, unix.AUDIT_ARCH_I386, unix.SYS_READ), "the system calls of another architecture have other numbers")
}
