package folder

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
)

// Write makes the files of the functions named hold the items, and returns the
// files that it has changed. Files that hold them already stay as they are.
func Write(dir string, functions []string, items Items) (changed []string, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	for _, name := range functions {
		files, err := writeFunction(dir, name, items)
		changed = append(changed, files...)
		if err != nil {
			return changed, err
		}
	}
	return changed, nil
}

func writeFunction(dir, name string, items Items) (changed []string, err error) {
	want := &settings{function: Members{}}
	var code *string
	for _, key := range sortedKeys(items) {
		m := items[key]
		if FunctionOf(key, m) != name {
			continue
		}
		switch key.Kind {
		case Function:
			source := m.text("code")
			code, want.function = &source, without(m, "name", "code")
		case Webhook:
			want.webhooks = append(want.webhooks, without(m, "function_name"))
		case Schedule:
			want.jobs = append(want.jobs, without(m, "function_name"))
		}
	}
	write := func(file string, content *string) error {
		done, err := replace(filepath.Join(dir, file), content)
		if done {
			changed = append(changed, file)
		}
		return err
	}
	if err := write(name+".py", code); err != nil {
		return changed, err
	}
	config, err := settingsFile(dir, name, code, want)
	if err != nil {
		return changed, err
	}
	return changed, write(name+".toml", config)
}

// settingsFile is the text of the NAME.toml that, with the code, comes to the settings; nil for none.
func settingsFile(dir, name string, code *string, want *settings) (*string, error) {
	content, err := os.ReadFile(filepath.Join(dir, name+".toml"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err == nil {
		present := string(content)
		if s, _, err := effective(name, code, &present); err == nil && sameSettings(s, want) {
			return &present, nil // with its comments
		}
	}
	block := Members{}
	if s, _, err := effective(name, code, nil); err == nil {
		if sameSettings(s, want) && (code == nil || !aside.MatchString(name)) {
			return nil, nil
		}
		block = s.function
	}
	var also []string
	if block["requirements"] != nil && !reflect.DeepEqual(block["requirements"], want.function["requirements"]) {
		also = []string{"requirements"}
		if want.function["requirements"] == nil {
			want.function["requirements"] = []any{}
		}
	}
	text := render(want, also...)
	if text == "" {
		text = "# A function in spite of the name of the file beside this one.\n"
	}
	return &text, nil
}

func sameSettings(a, b *settings) bool {
	list := func(kind Kind, x, y []Members) bool {
		return slices.EqualFunc(sorted(kind, x), sorted(kind, y), func(m, n Members) bool { return Same(kind, m, n) })
	}
	return Same(Function, a.function, b.function) && list(Webhook, a.webhooks, b.webhooks) && list(Schedule, a.jobs, b.jobs)
}

func sorted(kind Kind, list []Members) []Members {
	return slices.SortedFunc(slices.Values(list), func(a, b Members) int { return KeyOf(kind, a).Compare(KeyOf(kind, b)) })
}

func without(m Members, names ...string) Members {
	rest := Members{}
	for name, value := range m {
		if !slices.Contains(names, name) {
			rest[name] = value
		}
	}
	return rest
}

// replace makes a file hold content, or removes it when content is nil. A reader
// sees the former file or the new one.
// A symbolic link stays, and the file that it leads to changes.
func replace(path string, content *string) (changed bool, err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil && content != nil {
		path = target
	}
	before, err := os.ReadFile(path)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return false, err
	case err != nil && content == nil, err == nil && content != nil && string(before) == *content:
		return false, nil
	case content == nil:
		return true, os.Remove(path)
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".maestro-*")
	if err != nil {
		return false, err
	}
	defer func() { _ = os.Remove(temporary.Name()) }()
	_, err = temporary.WriteString(*content)
	if err = errors.Join(err, temporary.Chmod(0o644), temporary.Close()); err != nil {
		return false, err
	}
	return true, os.Rename(temporary.Name(), path)
}

func sortedKeys(items Items) []Key {
	keys := make([]Key, 0, len(items))
	for key := range items {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, Key.Compare)
	return keys
}
