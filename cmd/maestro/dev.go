package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"maestro/internal/apiclient"
	"maestro/internal/config"
	"maestro/internal/deploy"
)

func (a *app) devCommand() *cobra.Command {
	var port int
	var data string
	cmd := &cobra.Command{
		Use:   "dev [DIR] [--port N] [--data-dir D]",
		Short: "serve a folder of functions, and push it on each change",
		Long: `Runs a server of its own for a folder, without any set-up, until Ctrl-C: pushes the folder,
pushes it again each time that a file changes, and prints the log of each execution. The
server holds what the folder holds: functions that leave the folder are deleted there.

Its database, with executions and secrets, is kept in DIR/.maestro/dev, as root in
/var/lib/maestro. Other commands find the server by --profile dev.`,
		Args: takes(0, "DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return a.dev(ctx, dir, data, port)
		},
	}
	cmd.Flags().StringVar(&data, "data-dir", "", "another `folder` for the server's data")
	cmd.Flags().IntVar(&port, "port", 8000, "the `port` to listen on; 0: a free one")
	return cmd
}

func (a *app) dev(ctx context.Context, dir, data string, port int) (err error) {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return fmt.Errorf("%s is a file; name the folder that it is in, %s", dir, filepath.Dir(dir))
	} else if err != nil {
		return fmt.Errorf("there is no folder %s; create it, or name another one", dir)
	}
	if data == "" {
		if data, err = devFolder(dir); err != nil {
			return err
		}
	}
	server, address, err := a.startServer(ctx, data, port)
	if err != nil {
		return err
	}
	defer server.stop()
	token, err := (&config.Config{DataDir: data}).FindAdminToken()
	if err != nil {
		return fmt.Errorf("read the token of the server: %w", err)
	}
	c := apiclient.New(address, string(token), "maestro dev")
	if err := a.keepProfile("dev", c, ""); err != nil {
		return err
	}
	a.client = c
	options := deploy.Options{Dir: dir, Prune: true, Force: true}
	if err := a.push(ctx, options, true, false); err != nil {
		a.complain(err)
	}
	fmt.Fprintf(a.stdout, "Serving %s at %s\n", dir, address)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return a.watch(ctx, options) })
	group.Go(func() error { return a.followAll(ctx, c, "") })
	group.Go(func() error {
		select {
		case <-ctx.Done():
			return nil
		case <-server.ended:
			return fmt.Errorf("the server has ended; its last lines: %s", server.said.String())
		}
	})
	return group.Wait()
}

// devFolder is where the server of a folder keeps its data.
func devFolder(dir string) (string, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	data := filepath.Join(absolute, ".maestro", "dev")
	if os.Geteuid() == 0 { // PostgreSQL runs as another user, who may not see this folder
		sum := sha256.Sum256([]byte(absolute))
		data = "/var/lib/maestro/dev-" + hex.EncodeToString(sum[:6])
	} else if err := os.MkdirAll(filepath.Join(absolute, ".maestro"), 0o755); err != nil {
		return "", err
	} else if err := os.WriteFile(filepath.Join(absolute, ".maestro", ".gitignore"), []byte("*\n"), 0o644); err != nil {
		return "", err
	}
	return data, os.MkdirAll(data, 0o755)
}

// devServer is a server as a child process.
type devServer struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has ended
	said  *tail
}

// tail keeps the last lines that are written to it.
type tail struct {
	mu   sync.Mutex // guards text
	text []byte
}

// mostKept is how much of a text a tail keeps.
const mostKept = 4096

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-mostKept):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}

// readyMark is how the line begins by which a server says its address.
const readyMark = "maestro is ready at "

// startServer starts a server in development mode and waits until it is ready.
func (a *app) startServer(ctx context.Context, data string, port int) (*devServer, string, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	s := &devServer{cmd: exec.Command(program, "serve"), ended: make(chan struct{}), said: &tail{}}
	s.cmd.Dir = data // without the .env of the folder
	s.cmd.Env = slices.DeleteFunc(os.Environ(), func(setting string) bool {
		name, _, _ := strings.Cut(setting, "=")
		return slices.Contains([]string{"DATABASE_URL", "REDIS_URL", "CENSUS_API_URL", "CENSUS_JWT_SECRET", "HOST", "PUBLIC_URL", "SECRET_KEY"}, name)
	})
	s.cmd.Env = append(s.cmd.Env, "DATA_DIR="+data, fmt.Sprintf("PORT=%d", port), "LOG_LEVEL=warn")
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM} // Ctrl-C reaches it through this process
	s.cmd.Stderr = s.said
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	fmt.Fprintln(a.stderr, "Starting a server; the first start takes some seconds.")
	if err := s.cmd.Start(); err != nil {
		return nil, "", fmt.Errorf("start a server: %w", err)
	}
	address := make(chan string, 1)
	go func() {
		defer close(s.ended)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if rest, found := strings.CutPrefix(lines.Text(), readyMark); found {
				where, _, _ := strings.Cut(rest, " ")
				address <- where
				break
			}
		}
		_, _ = io.Copy(io.Discard, out)
		_ = s.cmd.Wait()
	}()
	select {
	case where := <-address:
		return s, where, nil
	case <-s.ended:
		return nil, "", fmt.Errorf("the server did not start: %s", s.said.String())
	case <-ctx.Done():
		s.stop()
		return nil, "", ctx.Err()
	}
}

// stop ends the server and waits for its end.
func (s *devServer) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGINT)
	<-s.ended
}
