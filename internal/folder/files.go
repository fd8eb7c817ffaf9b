package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Folder is a folder as it was read.
type Folder struct {
	Dir   string
	Items Items
	// Places are the files and their parts that items come from, for messages.
	Places map[Key]string
	// Settings are the files that have the settings of a function, by its name.
	Settings map[string]string
	// Faults are those of files that can't be read, by file.
	Faults []Fault

	files fs.FS
}

// Fault is a fault of a file.
type Fault struct {
	File    string
	Line    int // 0: unknown
	Message string
}

func (f Fault) String() string {
	if f.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Message)
	}
	return fmt.Sprintf("%s: %s", f.File, f.Message)
}

var (
	validName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	// aside are names of files that other tools read.
	aside   = regexp.MustCompile(`^(test_.*|.*_test|conftest|setup)$`)
	markers = regexp.MustCompile(`(?m)^(<<<<<<<|>>>>>>>) `)
)

// Keys are those of the items, in their order.
func (f *Folder) Keys() []Key { return sortedKeys(f.Items) }

// Read reads the files of a folder; it does not look into folders below it.
// Tests (test_*.py, *_test.py, conftest.py) are no functions, unless there is a NAME.toml.
func Read(dir string) (*Folder, error) {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("%s is a file; name the folder that it is in, %s", dir, filepath.Dir(dir))
	}
	f, err := ReadFS(os.DirFS(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no folder %s; create it, or name another one", dir)
	}
	if err != nil {
		return nil, err
	}
	f.Dir = dir
	return f, nil
}

// ReadFS reads the files of a folder that need not be on the disk.
func ReadFS(files fs.FS) (*Folder, error) {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, err
	}
	f := &Folder{files: files, Items: Items{}, Places: map[Key]string{}, Settings: map[string]string{}}
	code, config := map[string]bool{}, map[string]bool{}
	for _, entry := range entries {
		name, kind := strings.TrimSuffix(entry.Name(), filepath.Ext(entry.Name())), filepath.Ext(entry.Name())
		if entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		switch {
		case kind == ".py":
			code[name] = true
		case kind == ".toml" && validName.MatchString(name):
			config[name] = true
		}
	}
	var names []string
	for name := range code {
		if !aside.MatchString(name) || config[name] {
			names = append(names, name)
		}
	}
	for name := range config {
		if !code[name] && name != "pyproject" && name != "ruff" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		f.read(name, code[name], config[name])
	}
	return f, nil
}

// read adds the items of one function.
func (f *Folder) read(name string, hasCode, hasConfig bool) {
	if !validName.MatchString(name) {
		f.fault(name+".py", "is not a name that a function can have; use letters, digits and _, or put the file elsewhere")
		return
	}
	var code, config *string
	for _, file := range []struct {
		there bool
		name  string
		text  **string
	}{{hasCode, name + ".py", &code}, {hasConfig, name + ".toml", &config}} {
		if !file.there {
			continue
		}
		content, err := fs.ReadFile(f.files, file.name)
		switch {
		case err != nil:
			f.fault(file.name, err.Error())
			return
		case !utf8.Valid(content):
			f.fault(file.name, "is not UTF-8; save it as UTF-8")
			return
		}
		text := string(content)
		if file.text == &config {
			text = strings.TrimPrefix(text, "\uFEFF") // as some editors begin a file
		}
		*file.text = &text
	}
	if code != nil {
		if at := markers.FindStringIndex(*code); at != nil {
			f.Faults = append(f.Faults, Fault{name + ".py", 1 + strings.Count((*code)[:at[0]], "\n"), "has the markers of a conflict; edit the lines, and take the markers away"})
			return
		}
	}
	s, file, err := effective(name, code, config)
	if err != nil {
		f.fault(file, err.Error())
		return
	}
	f.add(name, code, s, file)
}

// effective are the settings that files come to, and the file that has them.
func effective(name string, code, config *string) (s *settings, file string, err error) {
	block := &settings{function: Members{}}
	if code != nil {
		if block, err = blockSettings(*code); err != nil {
			return nil, name + ".py", err
		}
	}
	if config == nil {
		return block, name + ".py", nil
	}
	if s, err = parseSettings(*config); err != nil {
		return nil, name + ".toml", err
	}
	if _, given := s.function["requirements"]; !given && block.function["requirements"] != nil {
		s.function["requirements"] = block.function["requirements"]
	}
	return s, name + ".toml", nil
}

func (f *Folder) add(name string, code *string, s *settings, file string) {
	if code != nil {
		s.function["name"], s.function["code"] = name, *code
		f.Settings[name] = file
		f.put(Key{Function, name}, s.function, name+".py")
	} else if len(s.function) > 0 {
		f.fault(file, "has the settings of a function, and there is no "+name+".py beside it")
	}
	for _, m := range s.webhooks {
		m["function_name"] = name
		f.put(KeyOf(Webhook, m), m, file)
	}
	for _, m := range s.jobs {
		m["function_name"] = name
		f.put(KeyOf(Schedule, m), m, file)
	}
}

func (f *Folder) put(key Key, m Members, file string) {
	if other, twice := f.Places[key]; twice {
		f.fault(file, fmt.Sprintf("has the %s, which %s has too", key, other))
		return
	}
	f.Items[key], f.Places[key] = m, file
}

func (f *Folder) fault(file, message string) {
	f.Faults = append(f.Faults, Fault{File: file, Message: message})
}
