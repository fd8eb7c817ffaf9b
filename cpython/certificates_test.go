package cpython

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// SSL_CERT_FILE in os.environ counts, and for its own subtenant only.
func TestCertificatesOfTheEnvironment(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "planted authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "authority.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
	require.NoError(t, os.WriteFile(path, text, 0o600))

	const source = `import os, ssl
def trusts(input):
    if input:
        os.environ["SSL_CERT_FILE"] = input
    found = ssl.create_default_context().get_ca_certs()
    return any(("commonName", "planted authority") in part for c in found for part in c["subject"])
`
	a, b := setup(t, "trusts", source), setup(t, "trusts", source)
	require.Equal(t, "true", a.output("trusts", fmt.Sprintf("%q", path)))
	require.Equal(t, "false", b.output("trusts", "null"))
}
