package handlers

import (
	"encoding/json"

	"maestro/internal/model"
)

// functionView is a function as the API shows it. What it has pointers to without a
// need, and the digest, are missing in brief lists.
type functionView struct {
	ID             string           `json:"id" format:"uuid"`
	Name           string           `json:"name"`
	Kind           string           `json:"kind" enum:"function,module"`
	Description    *string          `json:"description"`
	Code           *string          `json:"code,omitempty" nullable:"false" doc:"Python source"`
	InputSchema    *json.RawMessage `json:"input_schema,omitempty" doc:"JSON Schema; null accepts anything"`
	OutputSchema   *json.RawMessage `json:"output_schema,omitempty" doc:"JSON Schema; null accepts anything"`
	DerivedSchemas []string         `json:"derived_schemas" nullable:"false" enum:"input_schema,output_schema" doc:"Those that come from the code's type hints; new code derives them anew"`
	Requirements   []string         `json:"requirements" nullable:"false" doc:"Packages that the code imports, in the words of PEP 508"`
	PackageNotes   []string         `json:"package_notes" nullable:"false" doc:"Which of the packages that it requires need the process lane, and which of their modules do not work, with the reasons"`
	Tags           []string         `json:"tags" nullable:"false"`
	TimeoutSeconds *float64         `json:"timeout_seconds" doc:"Null: the server's FUNCTION_TIMEOUT"`
	Retry          json.RawMessage  `json:"retry" doc:"As it was sent, with the defaults; null: never"`
	MaxConcurrency *int             `json:"max_concurrency"`
	Notify         json.RawMessage  `json:"notify" doc:"As it was sent, with the defaults; null: as the subtenant's default says"`
	IsActive       bool             `json:"is_active" doc:"False when it is switched off, and in lists also when it was deleted"`
	Deleted        bool             `json:"deleted,omitempty" doc:"In lists with active_only=false: it was deleted; missing otherwise"`
	PausedAt       timestamp        `json:"paused_at" nullable:"true" doc:"Since when its runs are held; null: they run"`
	Quarantine     *quarantineView  `json:"quarantine,omitzero" doc:"Why its calls are refused with 503 quarantined; missing where they are not. It ends with the next version, or with POST /functions/{name}/release"`
	Version        int              `json:"version"`
	Digest         string           `json:"digest,omitempty" doc:"Of the members that its author sets, for base in POST /apply"`
	CalledBy       []string         `json:"called_by" nullable:"false" doc:"Functions and modules whose current code calls it, or imports it if it is a module, by name"`
	Warnings       []warningView    `json:"warnings,omitzero" nullable:"false" doc:"In the response to a change: possible faults of the code. They do not prevent it from being saved"`
	CreatedAt      timestamp        `json:"created_at"`
	UpdatedAt      timestamp        `json:"updated_at"`
}

// warningView is a warning about a source.
type warningView struct {
	Line       int    `json:"line,omitempty" doc:"Of the Python source, from 1; missing for a warning about the whole source"`
	Column     int    `json:"column,omitempty" doc:"Of the Python source, from 1; missing where it is not known"`
	Message    string `json:"message"`
	Suggestion string `json:"suggestion,omitempty" doc:"An existing name that was perhaps meant"`
}

func viewFunction(f model.Function) functionView {
	return functionView{
		ID: f.ID.String(), Name: f.Name, Kind: string(f.Kind), CalledBy: []string{}, Description: f.Description, Code: &f.Code,
		InputSchema: &f.InputSchema, OutputSchema: &f.OutputSchema, Requirements: orEmpty(f.Requirements),
		DerivedSchemas: derivedSchemas(f.InputDerived, f.OutputDerived),
		PackageNotes:   orEmpty(f.Lock.Notes()),
		Tags:           orEmpty(f.Tags), TimeoutSeconds: f.TimeoutSeconds,
		Retry: viewRetry(f.Retry), MaxConcurrency: f.MaxConcurrency, Notify: f.Notify,
		IsActive: f.IsActive && !f.Off, Deleted: !f.IsActive, PausedAt: optionalTime(f.PausedAt), Quarantine: viewQuarantine(f.Quarantine), Version: f.Version,
		Digest: functionMembers(&f).digest(), CreatedAt: timestamp(f.CreatedAt), UpdatedAt: timestamp(f.UpdatedAt),
	}
}

// viewRetry is a policy as the API shows it; nil becomes null.
func viewRetry(policy *model.RetryPolicy) json.RawMessage {
	if policy == nil {
		return nil
	}
	text, err := json.Marshal(policy)
	if err != nil { // numbers and texts always marshal
		return nil
	}
	return text
}

func derivedSchemas(input, output bool) []string {
	derived := []string{}
	if input {
		derived = append(derived, "input_schema")
	}
	if output {
		derived = append(derived, "output_schema")
	}
	return derived
}

// versionView is one version of a function.
type versionView struct {
	ID           string           `json:"id" format:"uuid"`
	FunctionID   string           `json:"function_id" format:"uuid"`
	Version      int              `json:"version"`
	Code         *string          `json:"code,omitempty" nullable:"false"`
	InputSchema  *json.RawMessage `json:"input_schema,omitempty"`
	OutputSchema *json.RawMessage `json:"output_schema,omitempty"`
	Derived      []string         `json:"derived_schemas" nullable:"false" enum:"input_schema,output_schema"`
	Requirements []string         `json:"requirements" nullable:"false"`
	CreatedAt    timestamp        `json:"created_at"`
	CreatedBy    *string          `json:"created_by"`
}

func viewVersion(v model.FunctionVersion) versionView {
	return versionView{
		ID: v.ID.String(), FunctionID: v.FunctionID.String(), Version: v.Version, Code: &v.Code,
		InputSchema: &v.InputSchema, OutputSchema: &v.OutputSchema, Requirements: orEmpty(v.Requirements),
		Derived:   derivedSchemas(v.InputDerived, v.OutputDerived),
		CreatedAt: timestamp(v.CreatedAt), CreatedBy: v.CreatedBy,
	}
}

// orEmpty is the list, shown as [] when it is nil.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
