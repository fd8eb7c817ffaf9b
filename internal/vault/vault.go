// Package vault encrypts data that must not be in the database in plain text: the
// values of secrets, and waiting inputs that contain one; and tokens in cookies.
//
// It must not store data, must not interpret plaintexts, and must not put any of
// them into an error.
//
// A sealed value is
//
//	1 byte    version of this format: 1
//	12 bytes  nonce, random
//	n bytes   the plaintext, by AES-256-GCM
//	16 bytes  the tag
//
// Its key is derived from SECRET_KEY by HKDF-SHA-256, one for each purpose. The
// place of the value is authenticated: a row copied to another tenant, or to
// another name, can't be opened. With random nonces one key should seal no more
// than 2^32 values.
package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// Purpose separates the sealed values of one use from all others.
type Purpose string

// The purposes. Changing the text of one makes all its sealed values unreadable.
const (
	Secrets Purpose = "secrets" // place: the name of the secret
	Inputs  Purpose = "inputs"  // place: the id of the waiting execution
	Answers Purpose = "answers" // place: the idempotency key

	Sessions Purpose = "sessions" // no tenant, one place
)

const version = 1

// ErrNotOpened means that a sealed value is damaged, was not made by a vault,
// belongs to another place, or was sealed with another SECRET_KEY. The cause can't
// be determined.
var ErrNotOpened = errors.New("the sealed value can't be opened")

// Vault seals and opens values of one purpose. It is safe for concurrent use.
type Vault struct {
	aead cipher.AEAD // prepends a random nonce itself
}

// New makes the vault of a purpose. The error says that secretKey is empty.
func New(secretKey []byte, purpose Purpose) (*Vault, error) {
	if len(secretKey) == 0 {
		return nil, errors.New("derive the key of a vault: SECRET_KEY is empty")
	}
	key, err := hkdf.Key(sha256.New, secretKey, nil, "maestro vault "+string(purpose)+" v1", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive the key of the vault for %s: %w", purpose, err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make the vault for %s: %w", purpose, err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("make the vault for %s: %w", purpose, err)
	}
	return &Vault{aead: aead}, nil
}

// Seal encrypts plaintext for a place in a tenant. Two calls never have the same
// result.
func (v *Vault) Seal(tenant, place string, plaintext []byte) []byte {
	sealed := make([]byte, 1, 1+len(plaintext)+v.aead.Overhead())
	sealed[0] = version
	return v.aead.Seal(sealed, nil, plaintext, binding(tenant, place))
}

// Open decrypts what Seal made for the same place. The error is ErrNotOpened.
func (v *Vault) Open(tenant, place string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != version {
		return nil, ErrNotOpened
	}
	plaintext, err := v.aead.Open(nil, nil, sealed[1:], binding(tenant, place))
	if err != nil {
		return nil, ErrNotOpened
	}
	return plaintext, nil
}

// binding is the authenticated name of a place. The length of the tenant comes
// first, so that its end is unambiguous.
func binding(tenant, place string) []byte {
	b := binary.AppendUvarint([]byte{version}, uint64(len(tenant)))
	b = append(b, tenant...)
	return append(b, place...)
}
