// Package profile keeps the servers that a user has logged in to, with their
// tokens, in a file that only the user can read.
//
// It must not connect to them.
package profile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Default is the name of the profile that is used when none is named.
const Default = "default"

// Profile is a server and a caller of it.
type Profile struct {
	URL       string `json:"url"`
	Token     string `json:"token"`
	Subtenant string `json:"subtenant,omitempty"` // empty: the token's only one
}

// Path is the file of the profiles, by the variables of the environment.
func Path(getenv func(string) string) (string, error) {
	dir := getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) {
		home := getenv("HOME")
		if home == "" {
			return "", errors.New("find the folder of the profiles: HOME is not set; set it")
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "maestro", "profiles.json"), nil
}

// Load reads all profiles; there may be none.
func Load(path string) (map[string]Profile, error) {
	all := map[string]Profile{}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the profiles: %w", err)
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("other users can read the tokens in %s: run chmod 600 on it, and renew the tokens", path)
	}
	if err := json.Unmarshal(content, &all); err != nil {
		return nil, fmt.Errorf("%s is damaged, remove it and log in again: %w", path, err)
	}
	return all, nil
}

// Save writes all profiles.
func Save(path string, all map[string]Profile) error {
	content, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("write the profiles: %w", err)
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".profiles-*") // of mode 0600
	if err != nil {
		return fmt.Errorf("write the profiles: %w", err)
	}
	defer func() { _ = os.Remove(temporary.Name()) }()
	_, err = temporary.Write(append(content, '\n'))
	if err = errors.Join(err, temporary.Close()); err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write the profiles: %w", err)
	}
	return nil
}
