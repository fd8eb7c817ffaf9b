package pip

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"maestro/internal/packages/child"
)

// Options of a Runner. Those up to TempDir must be set.
type Options struct {
	Python   string // the program; it must have CPython's standard library
	PipPath  string // a folder or zip file that makes pip importable; empty: Python has its own pip
	CacheDir string // of pip's own cache, shared by all subtenants
	TempDir  string // for temporary folders; its owner removes the remains

	Environ       []string // of the server, of which pip sees a part; a later value of a name counts; nil: os.Environ()
	Guard         string   // the Python that runs children's guards; default Python
	IndexURL      string   // PIP_INDEX_URL; empty: pip's own. May hold credentials
	ExtraIndexURL string   // PIP_EXTRA_INDEX_URL, the same
	AllowSource   bool     // packages without a wheel are built, which runs their code
	MaxBytes      int64    // that one install may download and unpack; default 1 GiB
	MaxMemory     uint64   // bytes of each process; default 1 GiB, or 4 GiB with AllowSource: compilers need it
}

// Runner runs pip. It is safe for concurrent use.
type Runner struct {
	opts   Options
	config string // a configuration file of pip; empty: none, or named by the environment
	masks  masks
}

// New makes a Runner without starting a process.
func New(opts Options) *Runner {
	if opts.MaxBytes <= 0 {
		opts.MaxBytes = 1 << 30
	}
	if opts.MaxMemory == 0 {
		opts.MaxMemory = 1 << 30
		if opts.AllowSource {
			opts.MaxMemory = 4 << 30
		}
	}
	if opts.Guard == "" {
		opts.Guard = opts.Python
	}
	if opts.Environ == nil {
		opts.Environ = os.Environ()
	}
	r := &Runner{opts: opts, config: configuration(opts.variable("XDG_CONFIG_HOME"))}
	r.masks = newMasks(opts, r.config)
	return r
}

// variable is the value of a variable of the server's environment, or "".
func (o *Options) variable(name string) (value string) {
	for _, pair := range o.Environ {
		if at, is := strings.CutPrefix(pair, name+"="); is {
			value = at
		}
	}
	return value
}

// configuration is pip's configuration file of the server's user: a child has
// another home.
func configuration(own string) string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	if own == "" {
		own = filepath.Join(home, ".config")
	}
	for _, path := range []string{filepath.Join(own, "pip", "pip.conf"), filepath.Join(home, ".pip", "pip.conf")} {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

// watchEvery is how often the size of a child's folders is measured.
const watchEvery = 200 * time.Millisecond

// errTooLarge reports that a child was stopped because of the amount that it wrote.
var errTooLarge = errors.New("too large")

// passed are the variables of the server's environment that pip may see,
// besides those that begin with PIP_: proxies and certificates.
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
		// Only that one, regardless of the configuration of the machine's pip.
		own["PIP_FIND_LINKS"], own["PIP_EXTRA_INDEX_URL"] = true, true
		env = append(env, "PIP_CONFIG_FILE="+os.DevNull)
	} else if r.config != "" && r.opts.variable("PIP_CONFIG_FILE") == "" {
		env = append(env, "PIP_CONFIG_FILE="+r.config)
	}
	if r.opts.ExtraIndexURL != "" {
		env, own["PIP_EXTRA_INDEX_URL"] = append(env, "PIP_EXTRA_INDEX_URL="+r.opts.ExtraIndexURL), true
	}
	for _, pair := range env {
		name, _, _ := strings.Cut(pair, "=")
		own[name] = true
	}
	for _, pair := range r.opts.Environ {
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

// job is one child: Python with args, in a working folder.
type job struct {
	work    string
	grows   []string // other folders that it writes to
	files   int      // that grows may contain, folders included; 0: unlimited
	input   []byte   // of a program of this package
	answers bool     // a program of this package: its output is the result
	log     func(line string)
	args    []string
}

const (
	// mostAnswer bounds the output of a program of this package.
	mostAnswer = 16 << 20
	// longestLine is how much of a line is kept.
	longestLine = 4 << 10
)

// run runs a child until it ends, ctx ends, or its folders have grown too large.
// Each line goes to log, masked; the last ones are returned unmasked, for the
// error message.
func (r *Runner) run(ctx context.Context, j job) (lines []string, answer []byte, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	limits := child.Limits{Memory: r.opts.MaxMemory, File: uint64(r.opts.MaxBytes)}
	if end, set := ctx.Deadline(); set { // the child ends at it even if the server does not
		limits.Time = time.Until(end) + graceTime
		limits.Processor = 2 * limits.Time
	}
	told, tell := io.Pipe()
	output := &bounded{most: mostAnswer}
	c := child.Command{
		Python: r.opts.Guard, Args: append([]string{r.opts.Python}, j.args...), Dir: j.work, Env: r.environment(j.work),
		Stdin: bytes.NewReader(j.input), Stdout: tell, Stderr: tell, Limits: limits,
	}
	if j.answers {
		c.Stdout = output
	}
	var reading sync.WaitGroup
	reading.Go(func() { lines = r.read(told, j.log) })
	stopWatching := r.watch(ctx, j, func() { cancel(errTooLarge) })
	status, err := c.Run(ctx)
	stopWatching()
	_ = tell.Close()
	reading.Wait()
	switch cause := context.Cause(ctx); {
	case err != nil && cause != nil:
		return lines, nil, cause
	case err != nil:
		return lines, nil, err
	case status != 0:
		return lines, nil, &endedError{status}
	case output.over:
		return lines, nil, errTooLarge
	}
	return lines, output.Bytes(), nil
}

// graceTime is the time after the server's limit at which the guard ends the child.
const graceTime = 10 * time.Second

// endedError states how a child ended.
type endedError struct{ status child.Status }

func (e *endedError) Error() string {
	if signal := e.status.Signal(); signal != 0 {
		return "ended by the signal " + signal.String()
	}
	return fmt.Sprintf("exit status %d", e.status)
}

// read takes a child's lines until it has ended.
func (r *Runner) read(told io.Reader, log func(string)) (lines []string) {
	scanner := bufio.NewScanner(told)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		text := scanner.Bytes()
		line := strings.TrimRight(strings.ToValidUTF8(string(text[:min(len(text), longestLine)]), "?"), " \r")
		if line == "" || strings.HasPrefix(line, "Looking in ") {
			continue
		}
		log(r.masks.text(line))
		if lines = append(lines, line); len(lines) > 2000 {
			lines = lines[1000:]
		}
	}
	_, _ = io.Copy(io.Discard, told) // a line that is too long
	return lines
}

// bounded keeps the data written to it, up to a size.
type bounded struct {
	bytes.Buffer
	most int
	over bool
}

func (b *bounded) Write(text []byte) (int, error) {
	if b.over = b.over || b.Len()+len(text) > b.most; b.over {
		return len(text), nil
	}
	return b.Buffer.Write(text)
}

// watch calls tooLarge when a child's folders exceed their limit.
func (r *Runner) watch(ctx context.Context, j job, tooLarge func()) (stop func()) {
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
			bytes, _ := sizeOf([]string{j.work})
			more, files := sizeOf(j.grows)
			if bytes+more > r.opts.MaxBytes || j.files > 0 && files > j.files {
				tooLarge()
				return
			}
		}
	})
	return func() { close(done); watching.Wait() }
}

// sizeOf measures the content of folders, folders included.
func sizeOf(folders []string) (bytes int64, number int) {
	for _, folder := range folders {
		_ = filepath.WalkDir(folder, func(_ string, entry os.DirEntry, err error) error {
			if err != nil {
				return nil //nolint:nilerr // it was there a moment ago
			}
			number++
			if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
				bytes += info.Size()
			}
			return nil
		})
	}
	return bytes, number
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
