package pip

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMasks(t *testing.T) {
	t.Parallel()
	config := filepath.Join(t.TempDir(), "pip.conf")
	require.NoError(t, os.WriteFile(config, []byte("[global]\nindex-url = https://conf.example:8443/t0ken-of-conf/simple\n"), 0o600))
	m := newMasks(Options{
		IndexURL:      "https://me:p%40ss%2Fword@pypi.corp:8080/abcdef123456/org/simple/",
		ExtraIndexURL: "http://mirror/simple http://x:2@[2001:db8::1]/simple/requests-mirror",
		TempDir:       "/data/packages/temp/12-34", CacheDir: "/data/packages/cache",
	}, config)
	for line, want := range map[string]string{
		"Downloading https://me:p%40ss%2Fword@pypi.corp:8080/files/x.whl (12 kB)": "Downloading (index) (12 kB)",
		`WARNING: Retrying (Retry(total=1)) after connection broken by 'NewConnectionError("HTTPSConnection(host='pypi.corp', port=8080): Failed to establish a new connection: [Errno 111] Connection refused")': /abcdef123456/org/simple/x/`: `WARNING: Retrying (Retry(total=1)) after connection broken by 'NewConnectionError("HTTPSConnection(index): Failed to establish a new connection: [Errno 111] Connection refused")': (index)`,
		`HTTPSConnectionPool(host='unknown.example', port=443): Max retries exceeded with url: /a/b/ (Caused by 1)`:                                                                                                                             `HTTPSConnectionPool(index): Max retries exceeded with url: (index) (Caused by 1)`,
		`NameResolutionError("<X>: Failed to resolve 'pypi.corp' ([Errno -2] Name or service not known)")`:                                                                                                                                      `NameResolutionError("<X>: Failed to resolve (index) ([Errno -2] Name or service not known)")`,
		"tried pypi.corp:8080 and pypi.corp, with p@ss/word":                           "tried *** and ***, with ***",
		"tried /abcdef123456/org/simple, abcdef123456 and 2001:db8::1":                 "tried /***, *** and ***",
		"conf.example:8443 t0ken-of-conf":                                              "*** ***",
		"a simple index of pypi needs b>=2, <2.2; python 3.12, requests-mirror-2, org": "a simple index of pypi needs b>=2, <2.2; python 3.12, requests-mirror-2, org",
		"requests-mirror": "***",
		"Saved /data/packages/temp/12-34/pip-567/wheels/a.whl, /data/packages/cache/http": "Saved wheels/a.whl, http",
		"/data/packages/temp/12-34/pip-567":                                               "",
	} {
		require.Equal(t, want, m.text(line))
	}
	m = newMasks(Options{IndexURL: "https://user:p%40ssw0rd@pypi.corp/simple"}, "")
	require.Equal(t, "*** ***", m.text("p@ssw0rd p%40ssw0rd"))
}

// What a build needs is installed without another pip, which would be given the
// index's address as an argument.
func TestSources(t *testing.T) {
	t.Parallel()
	r := New(Options{AllowSource: true, PipPath: "carried"})
	require.Contains(t, r.sources(), "inprocess-build-deps")
	r = New(Options{AllowSource: true})
	require.Empty(t, r.sources(), "another Python's pip may be too old")
	r = New(Options{PipPath: "carried"})
	require.Equal(t, []string{"--only-binary", ":all:"}, r.sources())
}
