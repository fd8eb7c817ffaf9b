package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sys/unix"

	"maestro/internal/faultproxy"
	"maestro/internal/postgres"
	"maestro/internal/scratch"
	"maestro/repo"
)

const settleTime = 2 * time.Minute // for a part to come to rest

// stage is everything that a fault needs.
type stage struct {
	dir      string
	postgres *postgres.Server
	url      string // of the database, past the proxy
	proxy    *faultproxy.Proxy
	db       *repo.DB // past the proxy
	redis    *redisServer
	shop     *shop
	server   *exec.Cmd
	ended    chan error
	base     string
	token    string
	mounted  string // the small file system; "": none
}

func newStage(ctx context.Context, program, logFile string) (_ *stage, err error) {
	s := &stage{ended: make(chan error, 1)}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.dir, err = scratch.Folder("faults"); err != nil {
		return nil, err
	}
	if err := s.startPostgres(ctx); err != nil {
		return nil, err
	}
	var through string
	if s.proxy, through, err = faultproxy.Postgres(s.url); err != nil {
		return nil, err
	}
	if s.redis, err = startRedis(s.dir); err != nil {
		return nil, err
	}
	s.shop = openShop()
	if err := s.startServer(ctx, program, through, logFile); err != nil {
		return nil, err
	}
	if s.db, err = repo.Open(ctx, s.url, repo.Options{Name: "faults"}); err != nil {
		return nil, err
	}
	if err := s.smallDisk(ctx); err != nil {
		return nil, err
	}
	return s, s.define(ctx)
}

func (s *stage) startPostgres(ctx context.Context) (err error) {
	s.postgres, err = postgres.Start(ctx, postgres.Options{
		DataDir: filepath.Join(s.dir, "database"), Log: slog.New(slog.DiscardHandler),
		Settings: map[string]string{"max_connections": "80"},
	})
	if err == nil {
		s.url = s.postgres.URL()
	}
	return err
}

func (s *stage) startServer(ctx context.Context, program, database, logFile string) error {
	program, err := filepath.Abs(program)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		return err
	}
	s.base = fmt.Sprintf("http://127.0.0.1:%d", port)
	out, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if logFile != "" {
		out, err = os.Create(logFile)
	}
	if err != nil {
		return err
	}
	defer out.Close()
	s.server = exec.Command(program, "serve")
	s.server.Dir = s.dir
	s.server.Env = append(os.Environ(), "DATA_DIR="+s.data(), "HOST=127.0.0.1", fmt.Sprint("PORT=", port), "DATABASE_URL="+database,
		"REDIS_URL="+s.redis.url(), "SECRET_KEY=a key for faults, long enough", "CENSUS_JWT_SECRET="+jwtSecret)
	s.server.Stdout, s.server.Stderr = out, out
	s.server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.server.Start(); err != nil {
		return err
	}
	go func() { s.ended <- s.server.Wait() }()
	return s.await(ctx, "the server is ready", func() bool { return s.state("/readyz") == "ready" })
}

func (s *stage) data() string { return filepath.Join(s.dir, "data") }

// await returns once ready says so.
func (s *stage) await(ctx context.Context, what string, ready func() bool) error {
	for deadline := time.Now().Add(settleTime); time.Now().Before(deadline); {
		if ready() {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-s.ended:
			return fmt.Errorf("the server has ended: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return fmt.Errorf("not in time: %s", what)
}

// spooled is how many files wait in the server's spool.
func (s *stage) spooled() int {
	files, _ := filepath.Glob(filepath.Join(s.data(), "spool", "*.jsonl"))
	return len(files)
}

func (s *stage) exec(ctx context.Context, sql string) error {
	_, err := s.db.Pool().Exec(ctx, sql)
	return err
}

// smallDisk moves the tables of records to a small file system in memory, if
// one can be mounted.
func (s *stage) smallDisk(ctx context.Context) error {
	dir := filepath.Join(s.dir, "small")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64m,mode=0755"); err != nil {
		return nil // the error is simulated
	}
	s.mounted = dir
	inside := filepath.Join(dir, "tables")
	owner, err := os.Stat(filepath.Join(s.dir, "database", "postgres"))
	if err != nil {
		return err
	}
	found, _ := filepath.Glob(filepath.Join(s.dir, "database", "postgres", "*", "PG_VERSION"))
	if len(found) > 0 {
		if owner, err = os.Stat(found[0]); err != nil {
			return err
		}
	}
	of := owner.Sys().(*syscall.Stat_t)
	if err := errors.Join(os.Mkdir(inside, 0o700), os.Chown(inside, int(of.Uid), int(of.Gid))); err != nil {
		return err
	}
	return errors.Join(
		s.exec(ctx, "CREATE TABLESPACE small LOCATION '"+inside+"'"),
		s.exec(ctx, `DO $$ DECLARE part regclass; BEGIN
			FOR part IN SELECT inhrelid FROM pg_inherits WHERE inhparent IN ('executions'::regclass, 'step_executions'::regclass) LOOP
				EXECUTE format('ALTER TABLE %s SET TABLESPACE small', part);
			END LOOP; END $$`))
}

func (s *stage) close() {
	if s.server != nil && s.server.Process != nil {
		_ = s.server.Process.Signal(syscall.SIGTERM)
		select {
		case err := <-s.ended:
			if err != nil {
				fmt.Fprintln(os.Stderr, "the server ended badly:", err)
			}
		case <-time.After(time.Minute):
			_ = s.server.Process.Kill()
		}
	}
	if s.shop != nil {
		s.shop.server.Close()
	}
	if s.db != nil {
		s.db.Close()
	}
	if s.proxy != nil {
		s.proxy.Close()
	}
	if s.redis != nil {
		s.redis.kill()
	}
	if s.postgres != nil {
		_ = s.postgres.Stop(context.Background())
	}
	if s.mounted != "" {
		_ = unix.Unmount(s.mounted, 0)
	}
	_ = os.RemoveAll(s.dir)
}

// redisServer is a real Redis as a child.
type redisServer struct {
	dir  string
	port int
	cmd  *exec.Cmd
}

func startRedis(dir string) (*redisServer, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &redisServer{dir: dir, port: listener.Addr().(*net.TCPAddr).Port}
	if err := listener.Close(); err != nil {
		return nil, err
	}
	return r, r.start()
}

func (r *redisServer) start() error {
	r.cmd = exec.Command("redis-server", "--port", fmt.Sprint(r.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
	r.cmd.Dir = r.dir
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := r.cmd.Start(); err != nil {
		return fmt.Errorf("start redis-server, which scripts/setup installs: %w", err)
	}
	return nil
}

func (r *redisServer) url() string { return fmt.Sprintf("redis://127.0.0.1:%d/0", r.port) }

func (r *redisServer) signal(signal syscall.Signal) error { return r.cmd.Process.Signal(signal) }

func (r *redisServer) kill() {
	_ = r.signal(syscall.SIGKILL)
	_ = r.cmd.Wait()
}

func (r *redisServer) set(ctx context.Context, name, value string) error {
	client := redis.NewClient(&redis.Options{Addr: fmt.Sprintf("127.0.0.1:%d", r.port)})
	defer func() { _ = client.Close() }()
	return client.ConfigSet(ctx, name, value).Err()
}
