package confine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Apply changes a command that has not been started yet so that it starts
// confined by all measures that hold on this machine. Its program, arguments,
// environment, folder and descriptors stay what they are; ExtraFiles gets two more,
// which the program does not see. A stage that fails ends with an exit code of
// 126 and the reason on the standard error.
//
// release is called once, when the process has ended or could not be started. The
// connections of the program are made until then.
func (r *Report) Apply(cmd *exec.Cmd, policy Policy, log *slog.Logger) (release func(), err error) {
	if r.unusable != nil {
		return nil, r.unusable
	}
	if err := policy.check(); err != nil {
		return nil, err
	}
	if cmd.Err != nil {
		return nil, cmd.Err
	}
	plan, err := r.plan(&policy)
	if err != nil {
		return nil, err
	}
	plan.Path, plan.Args, plan.Env, plan.Dir = cmd.Path, cmd.Args, cmd.Env, cmd.Dir
	if plan.Dir == "" {
		plan.Dir = policy.Scratch
	}
	if cmd.SysProcAttr != nil {
		plan.DeathSig = int(cmd.SysProcAttr.Pdeathsig)
	}
	s, err := r.startStage(cmd, plan)
	if err != nil {
		return nil, err
	}
	s.log = log
	if plan.Wait {
		s.join = func(process int) error { return r.groups.place(policy.Group, process, policy.Memory, policy.Tasks) }
		s.leave = func() { r.groups.remove(policy.Group) }
	}
	scratch := policy.Scratch
	if plan.View != nil {
		scratch = ""
	}
	go s.listen(policy.Network, scratch)
	return s.release, nil
}

// plan makes the plan of a program, by the measures that hold.
func (r *Report) plan(policy *Policy) (*plan, error) {
	p := &plan{Groups: os.Geteuid() == 0, Watch: policy.Network != nil && r.Holds(Network)}
	if r.Holds(UID) {
		p.User = policy.User
	}
	if r.spaces.mounts {
		p.View = makeView(policy, p.User, r.spaces.processes)
	}
	p.Wait = policy.Group != "" && r.Holds(Cgroup)
	if r.Holds(Limits) {
		p.Limits = r.limits(policy)
	}
	if r.Holds(Landlock) {
		p.Rules = makeRules(policy, r.landlock, r.spaces.mounts, p.Watch)
	}
	if r.Holds(Syscalls) {
		var err error
		if p.Filter, err = filter(p.Watch); err != nil {
			return nil, fmt.Errorf("make the filter of system calls: %w", err)
		}
	}
	return p, nil
}

// limits are the rlimits of a policy. The number of processes is the kernel's
// count for a user: it says nothing of a user that the program shares with others.
func (r *Report) limits(policy *Policy) map[int]uint64 {
	limits := map[int]uint64{unix.RLIMIT_CORE: 0}
	set := func(resource int, bound int64) {
		if bound > 0 {
			limits[resource] = uint64(bound)
		}
	}
	if (r.Holds(UID) && policy.User != 0) || r.spaces.users {
		set(unix.RLIMIT_NPROC, int64(policy.Tasks))
	}
	set(unix.RLIMIT_NOFILE, int64(policy.Files))
	set(unix.RLIMIT_FSIZE, policy.File)
	set(unix.RLIMIT_DATA, policy.Data)
	return limits
}

// started is the server's side of a stage.
type started struct {
	log   *slog.Logger
	conn  *os.File                // to the stage
	join  func(process int) error // puts the stage into its group; nil: it has none
	leave func()                  // after the end of the program; may be nil
	ends  []*os.File
	once  sync.Once
	done  chan struct{} // closed at release
}

// startStage has a command start a stage with that plan.
func (r *Report) startStage(cmd *exec.Cmd, plan *plan) (*started, error) {
	text, err := json.Marshal(plan)
	if err != nil {
		return nil, fmt.Errorf("write the plan of a confined program: %w", err)
	}
	planned, err := inMemory(text)
	if err != nil {
		return nil, err
	}
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		_ = planned.Close()
		return nil, os.NewSyscallError("socketpair", err)
	}
	_ = unix.SetNonblock(ends[0], true)
	_ = unix.SetsockoptInt(ends[0], unix.SOL_SOCKET, unix.SO_PASSCRED, 1)
	theirs := os.NewFile(uintptr(ends[1]), "stage")
	s := &started{conn: os.NewFile(uintptr(ends[0]), "stage"), ends: []*os.File{planned, theirs}, done: make(chan struct{})}
	const first = 3 // the number of the first of ExtraFiles
	cmd.Env = []string{stageVariable + "=" + strconv.Itoa(first+len(cmd.ExtraFiles))}
	cmd.ExtraFiles = append(cmd.ExtraFiles, planned, theirs)
	// The file that this process runs, even if its path names another one by now.
	cmd.Path, cmd.Args, cmd.Dir = "/proc/self/exe", []string{"maestro-stage"}, "/"
	attr := &syscall.SysProcAttr{}
	if cmd.SysProcAttr != nil {
		*attr = *cmd.SysProcAttr
	}
	attr.Cloneflags |= r.spaces.flags()
	r.mapUsers(attr, plan.User)
	cmd.SysProcAttr = attr
	return s, nil
}

// mapUsers says which users there are in the new namespace. Root sees itself
// until it becomes the program's user; any other server can show its own user
// only, and needs capabilities in the new namespace for the mounts, which the
// stage gives up.
func (r *Report) mapUsers(attr *syscall.SysProcAttr, user uint32) {
	if !r.spaces.users {
		return
	}
	uid, gid := os.Geteuid(), os.Getegid()
	attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
	attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}}
	if uid != 0 {
		attr.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_SETPCAP}
		return
	}
	attr.GidMappingsEnableSetgroups = true
	if user != 0 {
		attr.UidMappings = append(attr.UidMappings, syscall.SysProcIDMap{ContainerID: int(user), HostID: int(user), Size: 1})
		attr.GidMappings = append(attr.GidMappings, syscall.SysProcIDMap{ContainerID: int(user), HostID: int(user), Size: 1})
	}
}

// inMemory returns a file with that content, to read.
func inMemory(content []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate("plan", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	file := os.NewFile(uintptr(fd), "plan")
	_, err = file.Write(content)
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("write the plan of a confined program: %w", err)
	}
	return file, nil
}

// release ends the server's side.
func (s *started) release() {
	s.once.Do(func() {
		close(s.done)
		_ = s.conn.Close()
		s.closeEnds()
		if s.leave != nil {
			s.leave()
		}
	})
}

// closeEnds closes the stage's ends here, which it has as well once the command has been started.
func (s *started) closeEnds() {
	for _, file := range s.ends {
		_ = file.Close()
	}
}

// listen waits for the stage's answer, and makes the program's connections
// until its end.
func (s *started) listen(network *Destinations, scratch string) {
	if err := s.place(); err != nil {
		s.log.Error("a confined program cannot be put into its control group", slog.Any("error", err))
		_ = s.conn.Close() // the stage then ends
		return
	}
	told, _, listener, err := s.receive()
	if err != nil || len(told.Failed) > 0 || listener == nil {
		return // the stage says so on its standard error, and ends
	}
	newWatch(listener, network, scratch, s.log).run(s.done)
}

// place puts the stage into its group, and has it go on.
func (s *started) place() error {
	if s.join == nil {
		return nil
	}
	_, process, _, err := s.receive()
	if err == nil {
		err = s.join(process)
	}
	if err != nil {
		return err
	}
	_, err = s.conn.Write([]byte{1})
	return err
}

// receive returns the next message of the stage, and the number of its process.
func (s *started) receive() (told verdict, process int, listener *os.File, err error) {
	raw, err := s.conn.SyscallConn()
	if err != nil {
		return told, 0, nil, err
	}
	text, rights := make([]byte, 4096), make([]byte, unix.CmsgSpace(4)+unix.CmsgSpace(unix.SizeofUcred))
	var n, oob int
	if e := raw.Read(func(fd uintptr) bool {
		n, oob, _, _, err = unix.Recvmsg(int(fd), text, rights, unix.MSG_CMSG_CLOEXEC)
		return !errors.Is(err, unix.EAGAIN)
	}); e != nil {
		return told, 0, nil, e
	}
	if err != nil {
		return told, 0, nil, os.NewSyscallError("recvmsg", err)
	}
	if n == 0 {
		return told, 0, nil, errors.New("the stage has ended")
	}
	messages, err := unix.ParseSocketControlMessage(rights[:oob])
	if err != nil {
		return told, 0, nil, err
	}
	for _, message := range messages {
		if sender, err := unix.ParseUnixCredentials(&message); err == nil {
			process = int(sender.Pid)
		}
		if fds, err := unix.ParseUnixRights(&message); err == nil && len(fds) == 1 {
			_ = unix.SetNonblock(fds[0], true) // before it becomes a file: then waiting for it takes no thread
			listener = os.NewFile(uintptr(fds[0]), "listener")
		}
	}
	return told, process, listener, json.Unmarshal(text[:n], &told)
}
