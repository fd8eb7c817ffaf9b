package supervisor

import (
	"slices"
	"strings"
)

// The variables that a server may see; no secret belongs into one of them. A
// process shows the environment with which it was started to every process of its
// account (/proc/PID/environ), also after it has unset a variable.
var (
	passedNames = []string{
		"PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TZDIR", "TMPDIR",
		"SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy",
		"GOGC", "GOMEMLIMIT", "GOMAXPROCS", "GODEBUG", "GOTRACEBACK", "GORACE", "GOCOVERDIR",
		"GLIBC_TUNABLES", "ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS",
	}
	passedPrefixes = []string{"LC_", "XDG_", "LD_", "MALLOC_", "MAESTRO_TEST_"}
	passedSuffixes = []string{"_NUM_THREADS"} // of OpenMP and the libraries of linear algebra
)

// CleanEnvironment returns the part of an environment that a server may see.
func CleanEnvironment(environ []string) []string {
	clean := []string{}
	for _, pair := range environ {
		if name, _, _ := strings.Cut(pair, "="); passes(name) {
			clean = append(clean, pair)
		}
	}
	return clean
}

func passes(name string) bool {
	return slices.Contains(passedNames, name) ||
		slices.ContainsFunc(passedPrefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) ||
		slices.ContainsFunc(passedSuffixes, func(suffix string) bool { return strings.HasSuffix(name, suffix) })
}
