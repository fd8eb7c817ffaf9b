package pip

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Options of a Runner.
type Options struct {
	Python   string // the program; it must have CPython's standard library
	PipPath  string // what makes pip importable: a folder or a zip file
	CacheDir string // of pip's own cache, shared by all subtenants
	TempDir  string // for what is in the making

	IndexURL      string // PIP_INDEX_URL; empty: pip's own. May hold credentials
	ExtraIndexURL string // PIP_EXTRA_INDEX_URL, the same
	AllowSource   bool   // packages without a wheel are built, which runs their code
	MaxBytes      int64  // that one install may download and unpack; default 1 GiB
}

// Runner runs pip. It is safe for concurrent use.
type Runner struct {
	opts    Options
	secrets []string
}

// New makes a Runner; nothing is started.
func New(opts Options) *Runner {
	if opts.MaxBytes <= 0 {
		opts.MaxBytes = 1 << 30
	}
	r := &Runner{opts: opts}
	for _, url := range []string{opts.IndexURL, opts.ExtraIndexURL, os.Getenv("PIP_INDEX_URL"), os.Getenv("PIP_EXTRA_INDEX_URL")} {
		r.secrets = append(r.secrets, credentialsOf(url)...)
	}
	return r
}

// watchEvery is how often the size of what a child makes is looked at.
const watchEvery = 200 * time.Millisecond

// waitDelay is how long a stopped child's pipes are waited for.
const waitDelay = 2 * time.Second

// errTooLarge says that a child was stopped for what it had written.
var errTooLarge = errors.New("too large")

// passed are the variables of the server's environment that pip may see,
// besides those that begin with PIP_: where the network is, and whom to trust.
var passed = []string{
	"PATH", "LANG", "LC_ALL", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy",
	"SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
}

func (r *Runner) environment(work string) []string {
	env := []string{
		"HOME=" + work, "TMPDIR=" + work, "PYTHONPATH=" + r.opts.PipPath, "PYTHONNOUSERSITE=1", "PYTHONDONTWRITEBYTECODE=1", "PYTHONUTF8=1", "PYTHONUNBUFFERED=1",
		"PIP_NO_INPUT=1", "PIP_DISABLE_PIP_VERSION_CHECK=1", "PIP_NO_COLOR=1", "PIP_PROGRESS_BAR=off", "PIP_CACHE_DIR=" + r.opts.CacheDir, "PIP_ROOT_USER_ACTION=ignore",
	}
	own := map[string]bool{}
	if r.opts.IndexURL != "" {
		env, own["PIP_INDEX_URL"] = append(env, "PIP_INDEX_URL="+r.opts.IndexURL), true
		// Only that one, whatever else the machine's pip is told.
		own["PIP_FIND_LINKS"], own["PIP_EXTRA_INDEX_URL"] = true, true
		env = append(env, "PIP_CONFIG_FILE="+os.DevNull)
	}
	if r.opts.ExtraIndexURL != "" {
		env, own["PIP_EXTRA_INDEX_URL"] = append(env, "PIP_EXTRA_INDEX_URL="+r.opts.ExtraIndexURL), true
	}
	for _, pair := range env {
		name, _, _ := strings.Cut(pair, "=")
		own[name] = true
	}
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if !own[name] && (strings.HasPrefix(name, "PIP_") || contains(passed, name)) {
			env = append(env, pair)
		}
	}
	return env
}

func contains(all []string, one string) bool {
	for _, a := range all {
		if a == one {
			return true
		}
	}
	return false
}

// run runs Python with args in work until it ends, ctx ends, or work and the
// folders beside it have grown too large. Each line goes to log, masked; the
// last ones come back for the error's sake.
func (r *Runner) run(ctx context.Context, work string, grows []string, input []byte, log func(string), args ...string) (lines []string, output []byte, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	cmd := exec.CommandContext(ctx, r.opts.Python, args...)
	cmd.Dir, cmd.Env, cmd.Stdin = work, r.environment(work), bytes.NewReader(input)
	// A group of its own: what pip starts ends with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = waitDelay
	var answer bytes.Buffer
	told, tell := io.Pipe()
	cmd.Stderr, cmd.Stdout = tell, tell
	if input != nil { // a program of ours: its output is the answer
		cmd.Stdout = &answer
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		scanner := bufio.NewScanner(told)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			line := r.mask(strings.TrimRight(strings.ToValidUTF8(scanner.Text(), "?"), " \r"), append([]string{work}, grows...))
			if line == "" || strings.HasPrefix(line, "Looking in ") {
				continue
			}
			log(line)
			if lines = append(lines, line); len(lines) > 2000 {
				lines = lines[1000:]
			}
		}
		_, _ = io.Copy(io.Discard, told) // a line that is too long
	})
	stopWatching := r.watch(ctx, append([]string{work}, grows...), func() { cancel(errTooLarge) })
	err = cmd.Run()
	stopWatching()
	_ = tell.Close()
	reading.Wait()
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	return lines, answer.Bytes(), err
}

// watch calls tooLarge when the folders hold more than one install may.
func (r *Runner) watch(ctx context.Context, folders []string, tooLarge func()) (stop func()) {
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if sizeOf(folders) > r.opts.MaxBytes {
				tooLarge()
				return
			}
		}
	})
	return func() { close(done); watching.Wait() }
}

func sizeOf(folders []string) (size int64) {
	for _, folder := range folders {
		_ = filepath.WalkDir(folder, func(_ string, entry os.DirEntry, err error) error {
			if err != nil {
				return nil //nolint:nilerr // it was there a moment ago
			}
			if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
				size += info.Size()
			}
			return nil
		})
	}
	return size
}

// workFolder makes a folder for one child.
func (r *Runner) workFolder() (string, func(), error) {
	if err := os.MkdirAll(r.opts.TempDir, 0o700); err != nil {
		return "", nil, fmt.Errorf("make a folder for pip: %w", err)
	}
	work, err := os.MkdirTemp(r.opts.TempDir, "pip-")
	if err != nil {
		return "", nil, fmt.Errorf("make a folder for pip: %w", err)
	}
	return work, func() { _ = os.RemoveAll(work) }, nil
}
