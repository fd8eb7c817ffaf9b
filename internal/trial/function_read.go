package trial

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"maestro/internal/folder"
	"maestro/internal/model"
)

// FaultsError has the faults of a folder's files.
type FaultsError []folder.Fault

func (e FaultsError) Error() string { return fmt.Sprintf("%d files have faults", len(e)) }

// functions are those of a folder as they would be stored, by name. Schemas that are to
// be derived are marked.
func functions(f *folder.Folder) (all []model.Function, faults []folder.Fault) {
	begin := time.Now()
	for _, key := range f.Keys() {
		if key.Kind != folder.Function {
			continue
		}
		one, err := function(f.Items[key], begin)
		if err != nil {
			faults = append(faults, folder.Fault{File: f.Places[key], Message: err.Error()})
			continue
		}
		all = append(all, one)
	}
	return all, faults
}

func function(m folder.Members, at time.Time) (model.Function, error) {
	var in struct {
		Name           string          `json:"name"`
		Kind           string          `json:"kind"`
		Code           string          `json:"code"`
		Requirements   []string        `json:"requirements"`
		TimeoutSeconds *float64        `json:"timeout_seconds"`
		MaxConcurrency *int            `json:"max_concurrency"`
		IsActive       *bool           `json:"is_active"`
		Retry          json.RawMessage `json:"retry"`
	}
	text, err := json.Marshal(m)
	if err == nil {
		err = json.Unmarshal(text, &in)
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return model.Function{}, fmt.Errorf("%s has a value of the wrong type: %s", wrong.Field, wrong.Value)
	}
	if err != nil {
		return model.Function{}, err
	}
	f := model.Function{
		ID: model.NewIDAt(at), Tenant: subtenant, Name: in.Name, Kind: model.FunctionKind(in.Kind), Code: in.Code, Requirements: in.Requirements,
		TimeoutSeconds: in.TimeoutSeconds, MaxConcurrency: in.MaxConcurrency, Off: in.IsActive != nil && !*in.IsActive,
		IsActive: true, Version: 1, VersionID: model.NewIDAt(at), CreatedAt: at, UpdatedAt: at,
	}
	if f.Kind == "" {
		f.Kind = model.KindFunction
	}
	f.InputSchema, f.InputDerived = schemaOf(m, "input_schema")
	f.OutputSchema, f.OutputDerived = schemaOf(m, "output_schema")
	policy, problems := model.ParseRetryPolicy(in.Retry)
	if len(problems) > 0 {
		return f, fmt.Errorf("retry %s", problems[0].Message)
	}
	f.Retry = policy
	return f, nil
}

// schemaOf is a schema of the settings; one that they leave out is derived.
func schemaOf(m folder.Members, name string) (text json.RawMessage, derived bool) {
	value, given := m[name]
	if !given {
		return nil, true
	}
	text, err := json.Marshal(value)
	if err != nil || bytes.Equal(text, []byte("null")) {
		return nil, false
	}
	return text, false
}

// fileOf is the file of a function, for its tracebacks.
func fileOf(dir, name string) string { return filepath.Join(dir, name+".py") }

// Requirements are those of the functions of a folder, without repetition.
func Requirements(f *folder.Folder) []string {
	var all []string
	for _, m := range f.Items {
		listed, _ := m["requirements"].([]any)
		for _, one := range listed {
			if text, ok := one.(string); ok {
				all = append(all, text)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
