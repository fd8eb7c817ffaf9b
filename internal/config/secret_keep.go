package config

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The files with secrets in the data folder, each 0600.
const (
	secretKeyFile  = "secret_key"
	adminTokenFile = "admin_token"
)

// AdminToken returns the token of development mode's administrator, and
// generates it first when there is none: made says so. The command line finds
// the same one by itself.
func (c *Config) AdminToken(generate func() (string, error)) (token Secret, made bool, err error) {
	token, made, err = keepSecret(filepath.Join(c.DataDir, adminTokenFile), generate)
	if err != nil {
		return "", false, fmt.Errorf("keep the administrator's token: %w", err)
	}
	return token, made, nil
}

// FindAdminToken returns the token that a server on this data folder made, or
// an error that is fs.ErrNotExist when none did.
func (c *Config) FindAdminToken() (Secret, error) {
	return readSecret(filepath.Join(c.DataDir, adminTokenFile))
}

// AdoptKey puts the key of a backup into the data folder, where Prepare finds it. It is an
// error if SECRET_KEY, or the data folder, has another one.
func (c *Config) AdoptKey(key string) error {
	if c.SecretKey != "" {
		if string(c.SecretKey) != key {
			return errors.New("SECRET_KEY is not the backup's, and could not read its secrets: unset it, or set it to the one of the server that was backed up")
		}
		return nil
	}
	path := filepath.Join(c.DataDir, secretKeyFile)
	kept, made, err := keepSecret(path, func() (string, error) { return key, nil })
	if err != nil {
		return fmt.Errorf("keep the backup's key: %w", err)
	}
	if !made && string(kept) != key {
		return fmt.Errorf("%s is not the backup's key, and could not read its secrets: set DATA_DIR to a new folder", path)
	}
	return nil
}

func generateKey() (string, error) {
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails
	return hex.EncodeToString(key[:]), nil
}

// keepSecret returns the secret in the file at path and makes one first if
// there is none. Of several processes that find none, one wins.
func keepSecret(path string, generate func() (string, error)) (secret Secret, made bool, err error) {
	secret, err = readSecret(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return secret, false, err
	}
	text, err := generate()
	if err != nil {
		return "", false, err
	}
	err = placeSecret(path, text+"\n")
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return "", false, err
	}
	made = err == nil
	secret, err = readSecret(path)
	return secret, made, err
}

func readSecret(path string) (Secret, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("%s can be read by others: `chmod 600` it, or delete it for a new one", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	secret := strings.TrimSpace(string(text))
	if len(secret) < 32 {
		return "", fmt.Errorf("%s holds no secret: restore it, or delete it for a new one", path)
	}
	return Secret(secret), nil
}

// placeSecret puts a whole file in place or none: it is written under another
// name and then linked, which fails when another process was faster.
func placeSecret(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".secret-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}
