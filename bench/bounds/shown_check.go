package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Values that a function must never see. Each stands where a search would find
// it: in the server's environment, in a secret of the neighbour, in its inputs.
const (
	plantedEnvironment = "planted-environment-value"
	plantedSecret      = "planted-secret-of-tenant-b"
	plantedInput       = "planted-input-of-tenant-b"
	plantedLine        = "FORGED LINE FROM TENANT"
)

// secretFiles are the files of the data folder whose content is a secret.
var secretFiles = []string{"admin_token", "secret_key", "postgres_password"}

// secrets are the texts that no answer, record or log of a program may hold,
// by a name for the report.
func (s *stage) secrets() map[string]string {
	found := map[string]string{
		"the server's environment": plantedEnvironment, "a neighbour's secret": plantedSecret, "a neighbour's input": plantedInput,
	}
	for _, name := range secretFiles {
		text, err := os.ReadFile(filepath.Join(s.data, name))
		if value := strings.TrimSpace(string(text)); err == nil && len(value) > 7 {
			found["the file "+name] = value
		}
	}
	return found
}

// shown says what a program has been shown: by a secret's text in what came of
// it, or by the check of its own result.
func (s *stage) shown(p program, tenant string, texts ...string) string {
	for what, secret := range s.secrets() {
		for _, text := range texts {
			if strings.Contains(text, secret) {
				return what
			}
		}
	}
	if p.shown == nil || len(texts) == 0 {
		return ""
	}
	var answered struct {
		Success bool
		Result  any
	}
	if json.Unmarshal([]byte(texts[0]), &answered) != nil || !answered.Success {
		return "" // it got no result
	}
	if s.opts.lane == "process" {
		if ownProcess[p.name] {
			return ""
		}
		if p.name == "st_fd_hunt" {
			answered.Result = foreignDescriptors(answered.Result, tenant)
		}
		answered.Result = foreign(answered.Result, tenant)
	}
	return p.shown(answered.Result)
}

// ownProcess are the programs whose results are about their own process, which in the process
// lane is their subtenant's.
var ownProcess = map[string]bool{"st_ctypes_memory": true, "st_locale_tz": true}

// foreign is a result without the members that name the program's own subtenant, or the files of
// Python: a process may see its own folder, and has the library open that it runs.
func foreign(result any, tenant string) any {
	own := func(value any) bool {
		text := fmt.Sprint(value)
		return strings.Contains(text, tenant) || strings.Contains(text, "/libpython3")
	}
	switch v := result.(type) {
	case []any:
		return slices.DeleteFunc(v, own)
	case map[string]any:
		maps.DeleteFunc(v, func(name string, value any) bool { return own(name) || own(value) })
	}
	return result
}

// slateName is the memory in which a child holds its own frames and its marker. That it is there is
// no secret; its content must not be read by its number.
const slateName = "/memfd:maestro-slate (deleted)"

// foreignDescriptors is a result of pairs, of a descriptor's number and its name or what could be read
// of it, without those of the program's own process: the slate's name, and all pairs of a descriptor
// whose name is of its subtenant's folder or of the library that it runs.
func foreignDescriptors(result any, tenant string) any {
	list, _ := result.([]any)
	own := map[any]bool{}
	number := func(pair any) any {
		if fields, _ := pair.([]any); len(fields) == 2 {
			return fields[0]
		}
		return nil
	}
	for _, pair := range list {
		text := fmt.Sprint(pair)
		own[number(pair)] = own[number(pair)] || strings.Contains(text, "/"+tenant) || strings.Contains(text, "/libpython3")
	}
	return slices.DeleteFunc(list, func(pair any) bool {
		fields, _ := pair.([]any)
		return own[number(pair)] || len(fields) == 2 && fields[1] == slateName
	})
}

// anything is the check of a program whose only harmless result is none.
func anything(result any) string {
	switch v := result.(type) {
	case nil:
		return ""
	case []any:
		if len(v) == 0 {
			return ""
		}
	case map[string]any:
		if len(v) == 0 {
			return ""
		}
	}
	return clip(fmt.Sprint(result), 60)
}

// fileSizes is the check of a walk: path → size of the bytes that could be read, or an error.
func fileSizes(result any) string {
	paths, _ := result.(map[string]any)
	var read []string
	for path, size := range paths {
		if _, isNumber := size.(float64); isNumber {
			read = append(read, path)
		}
	}
	if len(read) == 0 {
		return ""
	}
	return clip(fmt.Sprintf("%d files, %s", len(read), strings.Join(read, " ")), 80)
}

// positive is the check of a program that counts what it has found.
func positive(result any) string {
	list, _ := result.([]any)
	for _, v := range list {
		if n, isNumber := v.(float64); isNumber {
			if n > 0 {
				return clip(fmt.Sprint(result), 60)
			}
			return ""
		}
	}
	return ""
}

// otherSubtenant is the check of a program that lists [execution, subtenant]
// pairs: all must be of its own.
func otherSubtenant(result any) string {
	list, _ := result.([]any)
	for _, pair := range list {
		fields, _ := pair.([]any)
		if len(fields) == 2 && fields[1] == neighbourName {
			return "a neighbour's execution"
		}
	}
	return ""
}
