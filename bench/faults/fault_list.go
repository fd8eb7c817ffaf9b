package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// fault is one way to take a part away. hold begins it, keeps it up for its time,
// and ends it.
type fault struct {
	name string
	hold func(ctx context.Context, s *stage) error
}

var faults = []fault{
	{"PostgreSQL stopped for 10 s", func(ctx context.Context, s *stage) error {
		if err := s.postgres.Stop(ctx); err != nil {
			return err
		}
		pause(ctx, 10*time.Second)
		return s.startPostgres(ctx)
	}},
	{"PostgreSQL's postmaster killed", func(ctx context.Context, s *stage) error {
		return s.signalPostgres(syscall.SIGKILL, false) // it is started again by its own supervisor
	}},
	{"connections cut, five times a second for 10 s", func(ctx context.Context, s *stage) error {
		for range 50 {
			s.proxy.Cut()
			pause(ctx, 200*time.Millisecond)
		}
		return nil
	}},
	{"connections cut within a message, for 10 s", func(ctx context.Context, s *stage) error {
		s.proxy.CutHalfway(true)
		pause(ctx, 10*time.Second)
		s.proxy.CutHalfway(false)
		return nil
	}},
	{"answers of PostgreSQL lost, for 10 s", func(ctx context.Context, s *stage) error {
		s.proxy.LoseReplies(true)
		pause(ctx, 10*time.Second)
		s.proxy.LoseReplies(false)
		return nil
	}},
	{"PostgreSQL frozen for 20 s", func(ctx context.Context, s *stage) error {
		if err := s.signalPostgres(syscall.SIGSTOP, true); err != nil {
			return err
		}
		pause(ctx, 20*time.Second)
		return s.signalPostgres(syscall.SIGCONT, true)
	}},
	{"network slow by 200 ms each way, for 10 s", func(ctx context.Context, s *stage) error {
		s.proxy.Delay(200 * time.Millisecond)
		pause(ctx, 10*time.Second)
		s.proxy.Delay(0)
		return nil
	}},
	{"PostgreSQL read-only for 10 s", func(ctx context.Context, s *stage) error {
		set := func(value string) error {
			conn, err := pgx.Connect(ctx, s.url)
			if err != nil {
				return err
			}
			defer conn.Close(ctx)
			_, err = conn.Exec(ctx, "ALTER SYSTEM SET default_transaction_read_only = "+value)
			if err == nil {
				_, err = conn.Exec(ctx, "SELECT pg_reload_conf()")
			}
			return err
		}
		if err := set("on"); err != nil {
			return err
		}
		pause(ctx, 10*time.Second)
		return set("off")
	}},
	{"PostgreSQL's disk full for 10 s", fillDisk},
	{"too many connections for 10 s, and ours cut", takeConnections},
	{"Redis killed, back after 10 s", func(ctx context.Context, s *stage) error {
		s.redis.kill()
		pause(ctx, 10*time.Second)
		return s.redis.start()
	}},
	{"Redis frozen for 10 s", func(ctx context.Context, s *stage) error {
		if err := s.redis.signal(syscall.SIGSTOP); err != nil {
			return err
		}
		pause(ctx, 10*time.Second)
		return s.redis.signal(syscall.SIGCONT)
	}},
	{"Redis out of memory for 10 s", func(ctx context.Context, s *stage) error {
		if err := s.redis.set(ctx, "maxmemory", "1"); err != nil {
			return err
		}
		pause(ctx, 10*time.Second)
		return s.redis.set(ctx, "maxmemory", "0")
	}},
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// signalPostgres sends a signal to the postmaster, or to all its processes.
func (s *stage) signalPostgres(signal syscall.Signal, all bool) error {
	found, err := filepath.Glob(filepath.Join(s.dir, "database", "postgres", "*", "postmaster.pid"))
	if err != nil || len(found) == 0 {
		return errors.Join(errors.New("PostgreSQL has no postmaster.pid"), err)
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		return fmt.Errorf("read postmaster.pid: %w", err)
	}
	if !all {
		return syscall.Kill(pid, signal)
	}
	// Each backend leads a group of its own: they are found by their parent.
	for _, child := range childrenOf(pid) {
		if err := syscall.Kill(child, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	return syscall.Kill(pid, signal)
}

func childrenOf(parent int) (pids []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil && len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// fillDisk fills the file system of the tables of records; where there is none of
// their own, PostgreSQL is made to say what it says of a full one.
func fillDisk(ctx context.Context, s *stage) error {
	if s.mounted == "" {
		if err := s.exec(ctx, `CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
			CREATE TRIGGER disk_full BEFORE INSERT ON executions FOR EACH ROW EXECUTE FUNCTION disk_full()`); err != nil {
			return err
		}
		pause(ctx, 10*time.Second)
		return s.exec(ctx, "DROP FUNCTION disk_full CASCADE")
	}
	path := filepath.Join(s.mounted, "ballast")
	ballast, err := os.Create(path)
	if err != nil {
		return err
	}
	block := make([]byte, 4096)
	for err == nil {
		_, err = ballast.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("fill the disk: %w", errors.Join(err, io.ErrUnexpectedEOF))
	}
	if err := ballast.Close(); err != nil {
		return err
	}
	pause(ctx, 10*time.Second)
	return os.Remove(path)
}

// takeConnections takes all that PostgreSQL has, and cuts those of the server.
func takeConnections(ctx context.Context, s *stage) error {
	var taken []*pgx.Conn
	defer func() {
		for _, conn := range taken {
			_ = conn.Close(context.Background())
		}
	}()
	grab := func() {
		for {
			conn, err := pgx.Connect(ctx, s.url)
			if err != nil {
				return
			}
			taken = append(taken, conn)
		}
	}
	grab()
	pause(ctx, 3*time.Second) // the connections that the server has go on
	s.proxy.Refuse(true)
	s.proxy.Cut()
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end) && ctx.Err() == nil; {
		grab()
		pause(ctx, 10*time.Millisecond)
	}
	s.proxy.Refuse(false)
	pause(ctx, 5*time.Second)
	return nil
}
