package pip_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/packages/pip"
	"maestro/internal/testkit/index"
)

// lines collects what a runner tells, and its errors.
type lines struct {
	mu  sync.Mutex
	all []string // guarded by mu
}

func (l *lines) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, line)
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.all, "\n")
}

func TestAddressesAreShownNowhere(t *testing.T) {
	t.Parallel()
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "out of order", http.StatusInternalServerError)
	}))
	defer broken.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, address := range []string{broken.URL, gone.URL} {
		host := strings.TrimPrefix(address, "http://")
		r := runner(t, address+"/t0kent0ken/org/simple/")
		var said lines
		_, err := r.Resolve(t.Context(), parse(t, "alpha"), nil, said.add)
		var unreachable *pip.UnreachableError
		require.ErrorAs(t, err, &unreachable)
		said.add(err.Error())
		require.NotContains(t, said.text(), "t0kent0ken")
		require.NotContains(t, said.text(), host)
		require.NotContains(t, said.text(), "127.0.0.1")
		require.NotContains(t, said.text(), "org/simple")
	}
}

// A password that is a digit is one of many, and no reason not to understand pip.
func TestAShortPasswordHidesNoConflict(t *testing.T) {
	t.Parallel()
	ix := index.New(t, index.Wheel{Name: "a", Version: "1", Requires: []string{"c<2"}}, index.Wheel{Name: "b", Version: "1", Requires: []string{"c>=2"}},
		index.Wheel{Name: "c", Version: "1"}, index.Wheel{Name: "c", Version: "2"})
	ix.Protect("me", "2")
	r := runner(t, ix.URL())
	var conflict *pip.ConflictError
	_, err := r.Resolve(t.Context(), parse(t, "a", "b"), nil, quiet)
	require.ErrorAs(t, err, &conflict)
	require.ElementsMatch(t, []pip.Cause{{Package: "a 1", Requires: "c<2"}, {Package: "b 1", Requires: "c>=2"}}, conflict.Causes)
}

func TestAnIndexThatWantsOtherCredentials(t *testing.T) {
	t.Parallel()
	ix := index.New(t, index.Wheel{Name: "alpha", Version: "1"})
	ix.Protect("me", "right")
	r := runner(t, strings.Replace(ix.URL(), "right", "wrong", 1))
	_, err := r.Resolve(t.Context(), parse(t, "alpha"), nil, quiet)
	require.Equal(t, model.CodeUnavailable, model.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, "credentials (401)")
	require.NotContains(t, err.Error(), "wrong")

	forbids := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) }))
	defer forbids.Close()
	_, err = runner(t, forbids.URL+"/simple/").Resolve(t.Context(), parse(t, "alpha"), nil, quiet)
	var refused *pip.Error
	require.ErrorAs(t, err, &refused)
	require.Contains(t, refused.Text, "(403)")
}

// Without settings of ours, what the server's user has told pip counts.
func TestPipsOwnConfiguration(t *testing.T) { //nolint:paralleltest // it sets the environment
	ix := index.New(t, index.Wheel{Name: "only-here", Version: "1"})
	ix.Protect("me", "conf-password")
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", "")
	t.Setenv("PIP_INDEX_URL", "")
	require.NoError(t, os.Unsetenv("PIP_INDEX_URL"))
	folder := filepath.Join(home, ".config", "pip")
	require.NoError(t, os.MkdirAll(folder, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "pip.conf"), []byte("[global]\nindex-url = "+ix.URL()+"\n"), 0o600))
	r := runner(t, "")
	var said lines
	lock, err := r.Resolve(t.Context(), parse(t, "only-here"), nil, said.add)
	require.NoError(t, err, said.text())
	require.Equal(t, "1", lock.Find("only-here").Version)
	require.NotContains(t, said.text(), "conf-password")
	require.NotContains(t, said.text(), "127.0.0.1")
}

// A file that breaks off is the network's fault, not the package's.
func TestAFileThatBreaksOff(t *testing.T) {
	t.Parallel()
	ix := index.New(t, index.Wheel{Name: "alpha", Version: "1"})
	r := runner(t, ix.URL())
	p := resolved(t, r, "alpha")
	ix.Fail(index.Truncated)
	var unreachable *pip.UnreachableError
	err := r.Unpack(t.Context(), map[string]model.LockedPackage{t.TempDir(): p}, mostBytes, mostFiles, quiet)
	require.ErrorAs(t, err, &unreachable)
}
