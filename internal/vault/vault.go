// Package vault encrypts what must not lie in the database in clear: the
// values of secrets, and inputs that hold one while they wait.
//
// It must not store anything, must not know what its plaintexts mean, and must
// not put any of them into an error.
//
// A sealed value is
//
//	1 byte    version of this format: 1
//	12 bytes  nonce, random
//	n bytes   the plaintext, by AES-256-GCM
//	16 bytes  the tag
//
// Its key is derived from SECRET_KEY by HKDF-SHA-256, another one for each
// purpose. The place that the value belongs to is authenticated with it: a row
// copied to another tenant, or to another name, does not open. With random
// nonces one key should seal no more than 2^32 values.
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

// Purpose separates what is sealed for one use from every other use.
type Purpose string

// The purposes. Changing the text of one makes all its sealed values unreadable.
const (
	Secrets Purpose = "secrets" // place: the name of the secret
	Inputs  Purpose = "inputs"  // place: the id of the execution that waits
	Answers Purpose = "answers" // place: the idempotency key that it is kept for
)

const version = 1

// ErrNotOpened says that a sealed value is damaged, is not from here, belongs
// to another place, or was sealed under another SECRET_KEY. Which of these,
// nobody can tell.
var ErrNotOpened = errors.New("the sealed value can't be opened")

// Vault seals and opens for one purpose. It may be used by any number of
// goroutines.
type Vault struct {
	aead cipher.AEAD // puts a random nonce in front by itself
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

// Seal encrypts plaintext for a place in a tenant. Two calls never give the
// same answer.
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

// binding is the authenticated name of a place. With its length in front no
// tenant can be confused with the beginning of a place.
func binding(tenant, place string) []byte {
	b := binary.AppendUvarint([]byte{version}, uint64(len(tenant)))
	b = append(b, tenant...)
	return append(b, place...)
}
