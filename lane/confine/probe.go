package confine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Probe tries all measures on this machine: it starts a stage that confines
// itself as a program would be, for each set of namespaces until one can be
// made. folder is one that a scratch folder would be in.
func Probe(ctx context.Context, folder string) (*Report, error) {
	scratch, err := os.MkdirTemp(folder, "probe-")
	if err != nil {
		return nil, fmt.Errorf("try the confinement of programs: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	temporary := filepath.Join(scratch, "tmp")
	if err := os.Mkdir(temporary, 0o700); err != nil {
		return nil, fmt.Errorf("try the confinement of programs: %w", err)
	}
	p := &probe{policy: Policy{Scratch: scratch, Temporary: temporary, Group: filepath.Base(scratch), Memory: 1 << 40}}
	p.groups, p.grouping = findGroups(folder)
	return p.run(ctx)
}

type probe struct {
	policy Policy
	user   error // why no own user can be had

	groups   *groups
	grouping error // why there are no groups
}

// candidates are sets of namespaces, the best one first.
func candidates() []spaces {
	all := []spaces{{users: true, mounts: true, processes: true}}
	if os.Geteuid() == 0 { // these need its rights
		all = append(all, spaces{mounts: true, processes: true})
	}
	all = append(all, spaces{users: true, mounts: true})
	if os.Geteuid() == 0 {
		all = append(all, spaces{mounts: true})
	}
	return append(all, spaces{})
}

func (p *probe) run(ctx context.Context) (*Report, error) {
	if p.policy.User, p.user = firstUser(); p.user == nil {
		for _, folder := range []string{p.policy.Scratch, p.policy.Temporary} {
			if p.user = os.Chown(folder, int(p.policy.User), int(p.policy.User)); p.user != nil {
				p.policy.User = 0
				break
			}
		}
	}
	lost := map[Measure]error{} // why a namespace cannot be had: what the first attempt with it has met
	for _, set := range candidates() {
		told, err := p.attempt(ctx, set)
		if err == nil && told.Failed[partView] != "" {
			err = errors.New(told.Failed[partView])
		}
		if err == nil {
			return p.report(set, told, lost), nil
		}
		for measure, has := range map[Measure]bool{Users: set.users, Mounts: set.mounts, Processes: set.processes} {
			if has && lost[measure] == nil {
				lost[measure] = err
			}
		}
		if set == (spaces{}) {
			return unusable(err), nil
		}
	}
	panic("the last of the sets has returned")
}

// unusable is the report of a machine on which no stage works: no program can be started.
func unusable(reason error) *Report {
	r := &Report{unusable: fmt.Errorf("programs cannot be confined here: %w", reason)}
	for _, measure := range Measures() {
		r.add(measure, reason, "")
	}
	return r
}

// attempt starts a stage that tries everything with a set of namespaces.
func (p *probe) attempt(ctx context.Context, set spaces) (verdict, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil { // a machine with IPv6 alone
		if listener, err = net.Listen("tcp", "[::1]:0"); err != nil {
			return verdict{}, err
		}
	}
	defer func() { _ = listener.Close() }()
	// All measures are assumed to hold.
	r := &Report{spaces: set}
	r.landlock, _ = landlockVersion()
	for _, measure := range Measures() {
		r.Findings = append(r.Findings, Finding{Measure: measure, Holds: true})
	}
	policy := p.policy
	policy.Network = &Destinations{}
	policy.Tasks, policy.Files, policy.File = 4096, 256, 1<<40
	plan, err := r.plan(&policy)
	if err != nil {
		return verdict{}, err
	}
	if r.landlock == 0 {
		plan.Rules = nil
	}
	plan.Try, plan.Dir = listener.Addr().String(), policy.Scratch
	var said strings.Builder
	cmd := exec.CommandContext(ctx, "/proc/self/exe")
	cmd.Stderr = &said
	plan.Wait = p.groups != nil
	s, err := r.startStage(cmd, plan)
	if err != nil {
		return verdict{}, err
	}
	defer s.release()
	s.log = slog.New(slog.DiscardHandler)
	if plan.Wait {
		s.leave = func() { p.groups.remove(policy.Group) }
		s.join = func(process int) error {
			p.grouping = p.groups.place(policy.Group, process, policy.Memory, policy.Tasks)
			return nil
		}
	}
	if err := cmd.Start(); err != nil {
		return verdict{}, reason(err)
	}
	s.closeEnds()
	told, err := s.talk(policy.Network)
	if ended := cmd.Wait(); err == nil && ended != nil {
		err = ended
	}
	if err != nil && said.Len() > 0 {
		err = errors.New(strings.TrimSpace(said.String()))
	}
	return told, err
}

// reason is an error of a start without the path of the program, which is the
// server itself.
func reason(err error) error {
	var at *os.PathError
	if errors.As(err, &at) {
		return fmt.Errorf("the kernel refuses the namespaces: %w", at.Err)
	}
	return err
}

// talk serves the connections of a trying stage until it has reported.
func (s *started) talk(network *Destinations) (verdict, error) {
	if err := s.place(); err != nil {
		return verdict{}, err
	}
	told, _, listener, err := s.receive()
	if err != nil || listener == nil {
		return told, err
	}
	go newWatch(listener, network, "", s.log).run(s.done)
	told, _, _, err = s.receive()
	return told, err
}

// report makes the report of an attempt that has succeeded.
func (p *probe) report(set spaces, told verdict, lost map[Measure]error) *Report {
	r := &Report{spaces: set}
	of := func(part string) error {
		if text := told.Failed[part]; text != "" {
			return errors.New(text)
		}
		return nil
	}
	user := p.user
	if user == nil {
		user = of(partUser)
	}
	r.add(UID, user, "")
	r.add(Users, lost[Users], "")
	r.add(Mounts, lost[Mounts], "")
	r.add(Processes, lost[Processes], "")
	for i := range r.Findings { // a set without it can still have succeeded after one with it had failed
		f := &r.Findings[i]
		if has := map[Measure]bool{Users: set.users, Mounts: set.mounts, Processes: set.processes}; has[f.Measure] {
			f.Holds, f.Detail = true, ""
		}
	}
	network := of(partFilter)
	if network == nil {
		network = of(partConnect)
	}
	version, err := landlockVersion()
	if err == nil {
		err = of(partRules)
	}
	if err == nil {
		r.landlock = version
	}
	if network != nil && r.landlock >= versionTCP {
		network = fmt.Errorf("%w; instead, TCP to the ports of the server and its services is refused, on all machines", network)
	}
	r.add(Network, network, "")
	r.add(Landlock, err, fmt.Sprintf("version %d", version))
	r.add(Syscalls, p.filterAlone(of(partFilter)), "")
	r.add(Privileges, of(partPrivileges), "")
	r.add(Limits, of(partLimits), "")
	r.add(Cgroup, p.grouping, "")
	if p.grouping == nil {
		r.groups = p.groups
	}
	return r
}

// filterAlone tells whether there can be filters where one that asks the
// server cannot be had.
func (p *probe) filterAlone(asking error) error {
	if asking == nil {
		return nil
	}
	action := uint32(unix.SECCOMP_RET_ERRNO)
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_ACTION_AVAIL, 0, pointer(&action)); errno != 0 {
		return asking
	}
	return nil
}

// PidOf returns the number by which this process knows the process of a
// descriptor (pidfd), which may have another number in its own namespace.
func PidOf(pidfd *os.File) (int, error) {
	conn, err := pidfd.SyscallConn()
	if err != nil {
		return 0, err
	}
	var text []byte
	if e := conn.Control(func(fd uintptr) { text, err = os.ReadFile(fmt.Sprintf("/proc/self/fdinfo/%d", fd)) }); e != nil {
		return 0, e
	}
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		var pid int
		if n, _ := fmt.Sscanf(line, "Pid: %d", &pid); n == 1 && pid > 0 {
			return pid, nil
		}
	}
	return 0, fmt.Errorf("find the number of a process: %w", syscall.ESRCH)
}
