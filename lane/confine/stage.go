package confine

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// stageVariable has the number of the descriptor with a stage's plan; the one
// after it is the connection to the server. Its presence makes a process a stage.
const stageVariable = "MAESTRO_CONFINE"

// stageFailed is the exit code of a stage that could not do what its plan says.
const stageFailed = 126

// init makes this process a stage before anything of the program's own has run,
// so that each binary with this package, tests included, can be one.
//
// A stage confines one thread and executes the program in it: the other threads
// of Go's runtime end at that moment, so they need not be confined.
func init() {
	number := os.Getenv(stageVariable)
	if number == "" {
		return
	}
	runtime.LockOSThread()
	fd, err := strconv.Atoi(number)
	if err != nil {
		stageExit(fmt.Errorf("%s is not a descriptor: %q", stageVariable, number))
	}
	// The two descriptors, and those that the server has inherited, which come after them.
	if err := closeOnExec(fd); err != nil {
		stageExit(fmt.Errorf("close the server's descriptors: %w", err))
	}
	err = runStage(os.NewFile(uintptr(fd), "plan"), os.NewFile(uintptr(fd+1), "server"))
	if err != nil {
		stageExit(err)
	}
	os.Exit(0)
}

// closeOnExec has the descriptors from first on closed when the program is executed.
func closeOnExec(first int) error {
	if unix.CloseRange(uint(first), math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) == nil {
		return nil
	}
	names, err := os.ReadDir("/proc/self/fd") // before Linux 5.11
	if err != nil {
		return err
	}
	for _, name := range names {
		if fd, err := strconv.Atoi(name.Name()); err == nil && fd >= first {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}

func stageExit(err error) {
	fmt.Fprintln(os.Stderr, "maestro: a program cannot be confined:", err)
	os.Exit(stageFailed)
}

// stage is the process that becomes the program.
type stage struct {
	plan plan
	conn *net.UnixConn
	told verdict
}

func runStage(planned, server *os.File) error {
	conn, err := net.FileConn(server)
	if err != nil {
		return fmt.Errorf("open the connection to the server: %w", err)
	}
	_ = server.Close()
	s := &stage{conn: conn.(*net.UnixConn), told: verdict{Failed: map[string]string{}}}
	if err := json.NewDecoder(planned).Decode(&s.plan); err != nil {
		return fmt.Errorf("read the plan: %w", err)
	}
	if s.plan.Wait {
		if err := s.wait(); err != nil {
			return err
		}
	}
	if s.plan.Path == "" {
		return s.tryAll()
	}
	program, err := s.confine()
	if err != nil {
		_ = s.answer(nil)
		return err
	}
	if err := s.answer(program.listener); err != nil {
		return err
	}
	err = syscall.Exec(program.path, s.plan.Args, s.plan.Env)
	return fmt.Errorf("execute %s: %w", s.plan.Path, err)
}

// wait tells the server the number of this process, which the kernel adds, and waits
// until the process is in its group.
func (s *stage) wait() error {
	if _, err := s.conn.Write([]byte("{}")); err != nil {
		return fmt.Errorf("greet the server: %w", err)
	}
	if n, err := s.conn.Read(make([]byte, 1)); n != 1 {
		return fmt.Errorf("wait for the control group: the server's log has the reason: %w", cmp.Or(err, io.EOF))
	}
	return nil
}

// program is what a stage becomes.
type program struct {
	path     string
	listener *os.File // of the filter; nil: none
}

func (s *stage) failed(part string, err error) error {
	if err == nil {
		return nil
	}
	s.told.Failed[part] = err.Error()
	return fmt.Errorf("%s: %w", part, err)
}

func (s *stage) confine() (program, error) {
	p := &s.plan
	if p.View != nil {
		if err := s.failed(partView, p.View.enter()); err != nil {
			return program{}, err
		}
	}
	opened, err := unix.Open(p.Path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return program{}, s.failed(partProgram, err)
	}
	if err := s.failed(partUser, p.becomeUser()); err != nil {
		return program{}, err
	}
	path, err := p.pathOf(opened)
	if err != nil {
		return program{}, s.failed(partProgram, err)
	}
	if err := s.failed(partPrivileges, dropPrivileges(p.DeathSig)); err != nil {
		return program{}, err
	}
	if err := s.failed(partProgram, os.Chdir(p.Dir)); err != nil {
		return program{}, err
	}
	if err := s.failed(partLimits, p.setLimits()); err != nil {
		return program{}, err
	}
	if p.Rules != nil {
		if err := s.failed(partRules, p.Rules.apply()); err != nil {
			return program{}, err
		}
	}
	listener, err := p.applyFilter()
	return program{path, listener}, s.failed(partFilter, err)
}

// pathOf returns a path by which the program can be executed. Without a view it may be in a
// folder that the new user cannot enter: then it is executed by its descriptor, which stays open.
func (p *plan) pathOf(opened int) (string, error) {
	err := unix.Access(p.Path, unix.X_OK)
	if err == nil || p.View != nil || p.User == 0 {
		return p.Path, err
	}
	_, err = unix.FcntlInt(uintptr(opened), unix.F_SETFD, 0)
	return fmt.Sprintf("/proc/self/fd/%d", opened), err
}

// tryAll tries each part, whether or not others have failed.
func (s *stage) tryAll() error {
	p := &s.plan
	if p.View != nil {
		_ = s.failed(partView, p.View.enter())
	}
	if s.failed(partUser, p.becomeUser()) == nil && p.User != 0 { // which must reach its files
		_ = s.failed(partUser, os.Chdir(p.Dir))
	}
	_ = s.failed(partPrivileges, dropPrivileges(0))
	_ = s.failed(partLimits, p.setLimits())
	if p.Rules != nil {
		_ = s.failed(partRules, p.Rules.apply())
	}
	listener, err := p.applyFilter()
	_ = s.failed(partFilter, err)
	if listener != nil {
		if err := s.sendListener(listener); err != nil {
			return err
		}
		_ = s.failed(partConnect, tryConnect(p.Try))
	}
	return s.answer(nil)
}

// tryConnect connects from this thread, which has the filter.
func tryConnect(address string) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	family, where := unix.AF_INET6, unix.Sockaddr(&unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()})
	if to.Addr().Is4() {
		family, where = unix.AF_INET, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}
	}
	socket, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer func() { _ = unix.Close(socket) }()
	return os.NewSyscallError("connect", unix.Connect(socket, where))
}

// answer sends the verdict, and the listener with it.
func (s *stage) answer(listener *os.File) error {
	text, err := json.Marshal(s.told)
	if err != nil {
		return err
	}
	return s.send(text, listener)
}

// sendListener sends the listener alone.
func (s *stage) sendListener(listener *os.File) error { return s.send([]byte("{}"), listener) }

// send sends from another thread: in this one it would have to wait for an answer to
// a question that the server does not get before.
func (s *stage) send(text []byte, listener *os.File) error {
	var rights []byte
	if listener != nil {
		defer func() { _ = listener.Close() }()
		rights = unix.UnixRights(int(listener.Fd()))
	}
	sent := make(chan error)
	go func() {
		_, _, err := s.conn.WriteMsgUnix(text, rights, nil)
		sent <- err
	}()
	if err := <-sent; err != nil {
		return fmt.Errorf("answer the server: %w", err)
	}
	return nil
}
