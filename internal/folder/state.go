package folder

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// State is what the folder and a server had in common when they last met: the
// base of merges. It is kept in the folder, in .maestro.
type State struct {
	Server    string `json:"server"`
	Subtenant string `json:"subtenant"`
	Entries   []Base `json:"items"`

	path string
	base map[Key]*Base
}

// Base is the last common state of an item.
type Base struct {
	Kind   Kind    `json:"kind"`
	Name   string  `json:"name"`
	Digest string  `json:"digest"` // as the server has named it
	Remote Members `json:"remote"`
	Local  Members `json:"local"` // which may leave out defaults, and spell values otherwise
}

const stateFolder = ".maestro"

var unsafe = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// LoadState reads the state of a folder and a server's subtenant; there may be none yet.
func LoadState(dir, server, subtenant string) (*State, error) {
	_, address, _ := strings.Cut(server, "//")
	s := &State{
		Server: server, Subtenant: subtenant, base: map[Key]*Base{},
		path: filepath.Join(dir, stateFolder, "state", unsafe.ReplaceAllString(address+"_"+subtenant, "-")+".json"),
	}
	content, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	var stored struct {
		Items []struct {
			Base
			Remote json.RawMessage `json:"remote"`
			Local  json.RawMessage `json:"local"`
		} `json:"items"`
	}
	if err := json.Unmarshal(content, &stored); err != nil {
		return nil, fmt.Errorf("%s is damaged, remove it: %w", s.path, err)
	}
	for _, item := range stored.Items {
		base := item.Base
		for _, part := range []struct {
			text json.RawMessage
			into *Members
		}{{item.Remote, &base.Remote}, {item.Local, &base.Local}} {
			value, err := decode(part.text)
			if err != nil {
				return nil, fmt.Errorf("%s is damaged, remove it: %w", s.path, err)
			}
			*part.into, _ = value.(map[string]any)
		}
		s.base[Key{base.Kind, base.Name}] = &base
	}
	return s, nil
}

// Base is the last common state of an item, nil when there was none.
func (s *State) Base(key Key) *Base { return s.base[key] }

// Empty reports whether the two have not met yet.
func (s *State) Empty() bool { return len(s.base) == 0 }

// Keys are those of all items that both have had.
func (s *State) Keys() []Key { return slices.Collect(maps.Keys(s.base)) }

// Note makes the state of an item the common one.
func (s *State) Note(key Key, digest string, remote, local Members) {
	s.base[key] = &Base{Kind: key.Kind, Name: key.Name, Digest: digest, Remote: remote, Local: local}
}

// Forget notes that an item is no more.
func (s *State) Forget(key Key) { delete(s.base, key) }

// Save writes the state, in a folder that git ignores.
func (s *State) Save() error {
	s.Entries = s.Entries[:0]
	for _, key := range slices.SortedFunc(maps.Keys(s.base), Key.Compare) {
		s.Entries = append(s.Entries, *s.base[key])
	}
	content, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o755); err != nil {
		return err
	}
	ignore := "*\n"
	if _, err := replace(filepath.Join(filepath.Dir(filepath.Dir(s.path)), ".gitignore"), &ignore); err != nil {
		return err
	}
	text := string(content) + "\n"
	_, err = replace(s.path, &text)
	return err
}
