package testkit

import (
	"net/http/httptest"
	"testing"

	"maestro/internal/censusdev"
)

// CensusSecret signs the tokens of Census.
var CensusSecret = []byte("the secret of the tests' own Census")

// Census returns a Census of the test's own and the URL that it listens on. It
// has no users yet.
func Census(t testing.TB) (census *censusdev.Server, url string) {
	t.Helper()
	census = censusdev.New(CensusSecret)
	server := httptest.NewServer(census)
	t.Cleanup(func() {
		census.Mend() // a stalled call would hold the server open
		server.Close()
	})
	return census, server.URL
}
