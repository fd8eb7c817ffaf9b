package index

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// Index is a running index. Its address ends with the test.
type Index struct {
	t      testing.TB
	server *httptest.Server

	mu       sync.Mutex
	packages map[string][]file // guarded by mu; by normalised name
	fetched  map[string]int    // guarded by mu; how often each file was
	fault    Fault             // guarded by mu
	user     string            // guarded by mu; user:password that is wanted, or empty
}

type file struct {
	wheel   Wheel
	content []byte
	sum     string
}

// Fault is how an index fails.
type Fault string

// The faults.
const (
	Sound     Fault = ""
	Broken    Fault = "500"       // every answer is a 500
	Truncated Fault = "truncated" // files end in the middle
	Tampered  Fault = "tampered"  // files are not those that the list has the hashes of
	Stalled   Fault = "stalled"   // files never end
)

// New starts an index with these wheels.
func New(t testing.TB, wheels ...Wheel) *Index {
	t.Helper()
	ix := &Index{t: t, packages: map[string][]file{}, fetched: map[string]int{}}
	ix.server = httptest.NewServer(http.HandlerFunc(ix.serve))
	t.Cleanup(func() {
		ix.server.CloseClientConnections() // the stalled ones
		ix.server.Close()
	})
	for _, w := range wheels {
		ix.Add(w)
	}
	return ix
}

// URL is the value for PIP_INDEX_URL.
func (ix *Index) URL() string {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	address := ix.server.URL + "/simple/"
	if ix.user != "" {
		user, password, _ := strings.Cut(ix.user, ":")
		address = strings.Replace(address, "://", "://"+url.UserPassword(user, password).String()+"@", 1)
	}
	return address
}

// Add puts a wheel into the index.
func (ix *Index) Add(w Wheel) {
	content := w.build(ix.t)
	ix.mu.Lock()
	defer ix.mu.Unlock()
	name := normal(w.Name)
	ix.packages[name] = append(ix.packages[name], file{w, content, sumOf(content)})
}

// Protect requires these credentials from now on.
func (ix *Index) Protect(user, password string) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.user = user + ":" + password
}

// Fail makes the index fail from now on, or work again.
func (ix *Index) Fail(fault Fault) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.fault = fault
}

// Fetched is how often the files of a package were fetched.
func (ix *Index) Fetched(name string) (n int) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	for _, f := range ix.packages[normal(name)] {
		n += ix.fetched[f.wheel.fileName()]
	}
	return n
}

var separators = regexp.MustCompile(`[-_.]+`)

func normal(name string) string { return strings.ToLower(separators.ReplaceAllString(name, "-")) }

func (ix *Index) serve(w http.ResponseWriter, r *http.Request) {
	ix.mu.Lock()
	fault, wanted := ix.fault, ix.user
	ix.mu.Unlock()
	user, password, _ := r.BasicAuth()
	switch parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/"); {
	case wanted != "" && user+":"+password != wanted:
		w.Header().Set("WWW-Authenticate", "Basic")
		http.Error(w, "who are you?", http.StatusUnauthorized)
	case fault == Broken:
		http.Error(w, "out of order", http.StatusInternalServerError)
	case len(parts) == 2 && parts[0] == "simple":
		ix.list(w, r, parts[1])
	case len(parts) == 2 && parts[0] == "files":
		ix.file(w, r, parts[1], fault)
	default:
		http.NotFound(w, r)
	}
}

// list answers with the files of a package, as JSON or HTML.
func (ix *Index) list(w http.ResponseWriter, r *http.Request, name string) {
	ix.mu.Lock()
	files := ix.packages[name]
	ix.mu.Unlock()
	if len(files) == 0 {
		http.NotFound(w, r)
		return
	}
	type entry struct {
		Filename       string            `json:"filename"`
		URL            string            `json:"url"`
		Hashes         map[string]string `json:"hashes"`
		RequiresPython *string           `json:"requires-python,omitempty"`
		Yanked         bool              `json:"yanked"`
		Metadata       any               `json:"core-metadata,omitempty"`
	}
	var entries []entry
	for _, f := range files {
		e := entry{Filename: f.wheel.fileName(), URL: "/files/" + f.wheel.fileName(), Hashes: map[string]string{"sha256": f.sum}, Yanked: f.wheel.Yanked}
		if f.wheel.RequiresPython != "" {
			e.RequiresPython = &f.wheel.RequiresPython
		}
		if !f.wheel.Source {
			e.Metadata = map[string]string{"sha256": sumOf([]byte(f.wheel.metadata()))}
		}
		entries = append(entries, e)
	}
	w.Header().Set("Cache-Control", "max-age=0")
	if strings.Contains(r.Header.Get("Accept"), "application/vnd.pypi.simple.v1+json") {
		w.Header().Set("Content-Type", "application/vnd.pypi.simple.v1+json")
		_ = json.NewEncoder(w).Encode(map[string]any{"meta": map[string]string{"api-version": "1.1"}, "name": name, "files": entries})
		return
	}
	w.Header().Set("Content-Type", "text/html")
	for _, e := range entries {
		fmt.Fprintf(w, `<a href="%s#sha256=%s"%s>%s</a><br>`, e.URL, e.Hashes["sha256"], map[bool]string{true: ` data-yanked=""`}[e.Yanked], html.EscapeString(e.Filename))
	}
}

func (ix *Index) file(w http.ResponseWriter, r *http.Request, name string, fault Fault) {
	name, metadata := strings.CutSuffix(name, ".metadata")
	ix.mu.Lock()
	var found *file
	for _, files := range ix.packages {
		for i := range files {
			if files[i].wheel.fileName() == name {
				found = &files[i]
			}
		}
	}
	if found != nil && !metadata {
		ix.fetched[name]++
	}
	ix.mu.Unlock()
	switch {
	case found == nil:
		http.NotFound(w, r)
	case metadata:
		_, _ = w.Write([]byte(found.wheel.metadata()))
	default:
		content := found.content
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Cache-Control", "max-age=365000000, immutable, public")
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		switch fault {
		case Truncated:
			_, _ = w.Write(content[:len(content)/2])
		case Tampered:
			w.Header().Set("Content-Length", fmt.Sprint(len(content)+1))
			_, _ = w.Write(append([]byte{0}, content...))
		case Stalled:
			_, _ = w.Write(content[:1])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		default:
			_, _ = w.Write(content)
		}
	}
}
