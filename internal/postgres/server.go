package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Options are the settings of an embedded server.
type Options struct {
	DataDir  string       // Maestro's data folder; the cluster is in its subfolder postgres
	BinDir   string       // a folder with initdb and postgres; "": they are looked for
	Progress func(string) // gets a line for a person before each slow part; may be nil
	Log      *slog.Logger // gets PostgreSQL's own log; nil: it is dropped
	// Pip runs the carried pip with these arguments; with it binaries can be
	// installed where there are none and apt can't be used. May be nil.
	Pip func(ctx context.Context, args ...string) error
	// Settings override PostgreSQL's parameters, for tests.
	Settings map[string]string
}

const (
	superuser    = "maestro"
	databaseName = "maestro"
	// shutdownGrace is how long PostgreSQL may take to end once it was told to
	// do so at once.
	shutdownGrace = 5 * time.Second
)

// Server is a running PostgreSQL. Stop it, or let it end with this process.
type Server struct {
	options   Options
	log       *slog.Logger
	home      string // DataDir/postgres
	binaries  binaries
	account   *syscall.Credential // nil: this process's own
	dataDir   string
	socketDir string
	password  string // of the superuser
	lock      *os.File
	stop      chan struct{} // closed by the first Stop
	stopOnce  sync.Once
	pid       atomic.Int64 // of the postmaster; 0 while there is none
	done      chan struct{}
}

// Start makes the cluster when it is not there, runs the server and returns
// when it takes connections. Every error is one line that says what to do.
func Start(ctx context.Context, options Options) (*Server, error) {
	s := &Server{options: options, log: options.Log, stop: make(chan struct{}), done: make(chan struct{})}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.options.Progress == nil {
		s.options.Progress = func(string) {}
	}
	if err := s.prepare(ctx); err != nil {
		if s.lock != nil {
			_ = s.lock.Close()
		}
		return nil, s.explained(err)
	}
	ended := make(chan error, 1)
	go s.own(ended)
	if err := s.waitReady(ctx, ended); err != nil {
		_ = s.Stop(ctx)
		return nil, err
	}
	return s, nil
}

// prepare does everything that comes before the child: folders, the lock, the
// binaries, the cluster, and what an earlier server left behind.
func (s *Server) prepare(ctx context.Context) (err error) {
	if s.options.DataDir, err = filepath.Abs(s.options.DataDir); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	s.home = filepath.Join(s.options.DataDir, "postgres")
	if err := os.MkdirAll(s.home, 0o700); err != nil {
		return fmt.Errorf("make the folder for PostgreSQL: %w", err)
	}
	// Processes are recognised by the folder that they work in, as the kernel
	// writes it.
	if s.home, err = filepath.EvalSymlinks(s.home); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	s.options.DataDir = filepath.Dir(s.home)
	if s.lock, err = lockFolder(s.home); err != nil {
		return err
	}
	if s.binaries, err = s.findOrInstall(ctx); err != nil {
		return err
	}
	if s.account, err = chooseAccount(s.home, s.options.DataDir); err != nil {
		return err
	}
	if err := s.keepPassword(); err != nil {
		return err
	}
	s.dataDir = filepath.Join(s.home, strconv.Itoa(s.binaries.major))
	if err := s.initCluster(ctx); err != nil {
		return err
	}
	if s.socketDir, err = makeSocketDir(s.home, s.account); err != nil {
		return err
	}
	if err := stopLeftovers(ctx, s.dataDir, s.socketDir, s.log); err != nil {
		return err
	}
	return s.secureCluster(ctx)
}

// URL is where to connect. It holds the password.
func (s *Server) URL() string {
	query := url.Values{"host": {s.socketDir}}
	return "postgres://" + url.UserPassword(superuser, s.password).String() + "@/" + databaseName + "?" + query.Encode()
}

// Version is the major version of the server.
func (s *Server) Version() int { return s.binaries.major }

// Stop ends the server: open transactions are rolled back and everything is
// written to disk. When ctx ends first, the server is told to drop everything
// at once; it then repairs itself at its next start. Stopping twice is fine.
func (s *Server) Stop(ctx context.Context) error {
	s.stopOnce.Do(func() { close(s.stop) })
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGKILL} {
		s.signal(sig)
		if sig != syscall.SIGINT {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
			defer cancel()
		}
		select {
		case <-s.done:
			return nil
		case <-ctx.Done():
		}
	}
	return errors.New("PostgreSQL does not end")
}

func (s *Server) signal(sig syscall.Signal) {
	if pid := s.pid.Load(); pid != 0 {
		_ = syscall.Kill(int(pid), sig)
	}
}
