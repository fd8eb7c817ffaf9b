package folder

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

var errTrailing = errors.New("there is more text after the value")

// settings are those of one function: what NAME.toml says.
type settings struct {
	function Members
	webhooks []Members
	jobs     []Members
}

// parseSettings reads the text of a NAME.toml.
func parseSettings(content string) (*settings, error) {
	var decoded map[string]any
	if err := toml.Unmarshal([]byte(content), &decoded); err != nil {
		var at *toml.DecodeError
		if errors.As(err, &at) {
			line, _ := at.Position()
			return nil, fmt.Errorf("line %d: %s", line, strings.TrimPrefix(at.Error(), "toml: "))
		}
		return nil, err
	}
	return settingsOf(decoded)
}

func settingsOf(decoded map[string]any) (*settings, error) {
	s := &settings{}
	var err error
	if s.webhooks, err = bindings(decoded, "webhooks", Webhook); err != nil {
		return nil, err
	}
	if s.jobs, err = bindings(decoded, "schedules", Schedule); err != nil {
		return nil, err
	}
	s.function, err = membersOf(Function, decoded, "webhooks", "schedules")
	return s, err
}

func bindings(decoded map[string]any, name string, kind Kind) ([]Members, error) {
	value, there := decoded[name]
	if !there {
		return nil, nil
	}
	list, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("%s must be tables: write [[%s]] above each", name, name)
	}
	var all []Members
	for i, one := range list {
		object, ok := one.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s must be tables: write [[%s]] above each", name, name)
		}
		m, err := membersOf(kind, object)
		if err != nil {
			return nil, fmt.Errorf("%s %d: %w", name, i+1, err)
		}
		if key := tables[kind][0].name; m.text(key) == "" {
			return nil, fmt.Errorf("%s %d: %s is missing", name, i+1, key)
		}
		all = append(all, m)
	}
	return all, nil
}

func membersOf(kind Kind, decoded map[string]any, others ...string) (Members, error) {
	m := Members{}
	for name, value := range decoded {
		if slices.Contains(others, name) {
			continue
		}
		at := slices.IndexFunc(tables[kind], func(field member) bool { return field.name == name })
		if at < 0 {
			return nil, fmt.Errorf("%s is not a setting of a %s; use %s", name, kind, namesOf(kind, others))
		}
		value, err := jsonOf(value)
		if text, ok := value.(string); ok && err == nil && tables[kind][at].form != plain {
			if value, err = decode([]byte(text)); err != nil {
				err = fmt.Errorf("is not JSON text: %w", err)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s %w", name, err)
		}
		m[name] = value
	}
	return m, nil
}

func namesOf(kind Kind, others []string) string {
	var names []string
	for _, field := range tables[kind] {
		names = append(names, field.name)
	}
	return strings.Join(append(names, others...), ", ")
}

// jsonOf is a value of TOML as decoded JSON.
func jsonOf(value any) (any, error) {
	encoded, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("is no JSON value: %w", err)
	}
	if strings.Contains(fmt.Sprintf("%T", value), "toml.Local") {
		return nil, errors.New("is a date or time, which JSON has not; write it as text")
	}
	return decode(encoded)
}

// inlineBlock finds inline metadata (PEP 723).
var inlineBlock = regexp.MustCompile(`(?m)^# /// script$\n((?:^#(?:| .*)$\n)+)# ///$`)

// blockSettings reads the inline metadata of code: dependencies are the
// requirements, and [tool.maestro] has the settings.
func blockSettings(code string) (*settings, error) {
	found := inlineBlock.FindStringSubmatch(strings.ReplaceAll(code, "\r\n", "\n"))
	if found == nil {
		return &settings{function: Members{}}, nil
	}
	var content strings.Builder
	for line := range strings.Lines(found[1]) {
		content.WriteString(strings.TrimPrefix(strings.TrimPrefix(line, "#"), " "))
	}
	var decoded struct {
		Dependencies []any `toml:"dependencies"`
		Tool         struct {
			Maestro map[string]any `toml:"maestro"`
		} `toml:"tool"`
	}
	if err := toml.Unmarshal([]byte(content.String()), &decoded); err != nil {
		return nil, fmt.Errorf("the block # /// script: %s", strings.TrimPrefix(err.Error(), "toml: "))
	}
	s, err := settingsOf(decoded.Tool.Maestro)
	if err != nil {
		return nil, fmt.Errorf("[tool.maestro] in the block # /// script: %w", err)
	}
	if _, given := s.function["requirements"]; !given && len(decoded.Dependencies) > 0 {
		s.function["requirements"] = decoded.Dependencies
	}
	return s, nil
}
