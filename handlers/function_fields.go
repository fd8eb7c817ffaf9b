package handlers

import (
	"encoding/json"
	"math"
	"time"

	"maestro/internal/model"
)

// FunctionFields are the members that a function may be made or changed with,
// apart from its name and code.
type FunctionFields struct {
	Kind           Optional[string]          `json:"kind,omitzero" nullable:"false" enum:"function,module" doc:"module: code that functions and modules import by its name; it defines what it likes, and can't be run. It stays what it was created as: delete it and create it again to change that"`
	Description    Optional[string]          `json:"description,omitzero" maxLength:"65536"`
	InputSchema    Optional[json.RawMessage] `json:"input_schema,omitzero" doc:"JSON Schema, 2020-12 unless $schema says otherwise; derived from type hints when never sent, null accepts anything"`
	OutputSchema   Optional[json.RawMessage] `json:"output_schema,omitzero" doc:"JSON Schema, 2020-12 unless $schema says otherwise; derived from type hints when never sent, null accepts anything"`
	Requirements   Optional[[]string]        `json:"requirements,omitzero" doc:"Packages that the code imports, in the words of PEP 508 without addresses; installed before the version becomes current"`
	Tags           Optional[[]string]        `json:"tags,omitzero" maxItems:"100"`
	TimeoutSeconds Optional[float64]         `json:"timeout_seconds,omitzero" doc:"Of the outer run; at most FUNCTION_TIMEOUT"`
	Retry          Optional[json.RawMessage] `json:"retry,omitzero" doc:"Of asynchronous runs: an object with max_attempts (3), backoff_seconds (1), max_backoff_seconds (300) and on. on lists exception classes, by name (ConnectionError) or with their module (requests.exceptions.ConnectionError); one stands for its subclasses too, such as ConnectionRefusedError; a status (failed, timed_out, crashed) stands for all that end with it. Without on every failure is tried again, except those that would be the same the next time: InputInvalid, OutputInvalid, a result that is no JSON, FunctionNotFound; those are tried again where on has their error_type. An input that does not fit a sibling is an exception like any other"`
	MaxConcurrency Optional[int]             `json:"max_concurrency,omitzero" doc:"Runs at a time. It is counted twice: asynchronous runs over all servers, and every run on each server. So with n servers there may be up to n times as many synchronous ones, and asynchronous ones begin without regard to synchronous ones on other servers. null: no limit"`

	Notify Optional[json.RawMessage] `json:"notify,omitzero" doc:"null: as the subtenant's default says"`

	IsActive Optional[bool] `json:"is_active,omitzero" doc:"false switches the function off without deleting it: its calls are a 409 function_inactive, a RuntimeError where a sibling calls it. true when left out at its creation"`

	DerivedSchemas owned `json:"derived_schemas,omitzero" doc:"Set by the server. A change may add input_schema or output_schema to the stored names: that schema is derived from the type hints again"`
	PackageNotes   owned `json:"package_notes,omitzero" readOnly:"true"`
	CalledBy       owned `json:"called_by,omitzero" readOnly:"true"`
	Warnings       owned `json:"warnings,omitzero" readOnly:"true"`
	PausedAt       owned `json:"paused_at,omitzero" readOnly:"true"`
	Deleted        owned `json:"deleted,omitzero" readOnly:"true"`
	Quarantine     owned `json:"quarantine,omitzero" readOnly:"true"`

	Digest owned `json:"digest,omitzero" readOnly:"true"`

	ID        owned `json:"id,omitzero" readOnly:"true"`
	Version   owned `json:"version,omitzero" readOnly:"true"`
	CreatedAt owned `json:"created_at,omitzero" readOnly:"true"`
	UpdatedAt owned `json:"updated_at,omitzero" readOnly:"true"`
}

const (
	maxTag     = 255 // characters
	mostAtOnce = 10_000
)

// applyTo applies the members to f, and returns their faults. Members that are
// not implemented are refused, never ignored.
func (in *FunctionFields) applyTo(f *model.Function, longest time.Duration) error {
	in.Description.apply(&f.Description)
	applySchema(in.InputSchema, &f.InputSchema, &f.InputDerived)
	applySchema(in.OutputSchema, &f.OutputSchema, &f.OutputDerived)
	if in.Tags.Set {
		f.Tags = in.Tags.Value
	}
	in.TimeoutSeconds.apply(&f.TimeoutSeconds)
	in.MaxConcurrency.apply(&f.MaxConcurrency)
	if in.IsActive.Set { // null restores the default
		f.Off = in.IsActive.given() && !in.IsActive.Value
	}

	var problems []model.Problem
	if in.Retry.Set {
		f.Retry, problems = model.ParseRetryPolicy(in.Retry.Value)
	}
	problems = append(problems, applyNotify(in.Notify, &f.Notify)...)
	if in.Requirements.Set {
		var faults []model.Problem
		if f.Requirements, faults = readRequirements(in.Requirements.Value); len(f.Requirements) == 0 {
			f.Lock = nil
		}
		problems = append(problems, faults...)
	}
	if n := f.MaxConcurrency; n != nil && (*n < 1 || *n > mostAtOnce) {
		problems = append(problems, model.Problem{
			Pointer: "/max_concurrency", Message: model.NewError("", "must be from 1 to %d", mostAtOnce).Detail,
		})
	}
	if t := f.TimeoutSeconds; t != nil && (math.IsNaN(*t) || *t <= 0 || *t > longest.Seconds()) {
		problems = append(problems, model.Problem{
			Pointer: "/timeout_seconds",
			Message: model.NewError("", "must be above 0 and at most %g, the server's FUNCTION_TIMEOUT", longest.Seconds()).Detail,
		})
	}
	problems = append(problems, tagProblems(f.Tags)...)
	if f.Kind == model.KindModule {
		problems = append(problems, moduleProblems(f)...)
	}
	if in.Description.given() {
		problems = append(problems, textProblems("/description", in.Description.Value)...)
	}
	if len(problems) > 0 {
		return invalid(problems...)
	}
	return nil
}

// moduleProblems lists the members of runs, which a module can't have.
func moduleProblems(f *model.Function) (problems []model.Problem) {
	for _, member := range []struct {
		name  string
		given bool
	}{
		{"input_schema", f.InputSchema != nil}, {"output_schema", f.OutputSchema != nil},
		{"timeout_seconds", f.TimeoutSeconds != nil}, {"retry", f.Retry != nil}, {"max_concurrency", f.MaxConcurrency != nil}, {"is_active", f.Off}, {"notify", f.Notify != nil},
	} {
		if member.given {
			problems = append(problems, model.Problem{Pointer: "/" + member.name, Message: "does not apply to a module, which is imported and not run; leave it out"})
		}
	}
	return problems
}

// applySchema sets a schema when the member is present. A schema that the author
// sends, including null, is no longer derived.
func applySchema(member Optional[json.RawMessage], schema *json.RawMessage, derived *bool) {
	if member.Set {
		*schema, *derived = member.Value, false // nil when null
	}
}

// ownedProblems compares the members that the server sets with the stored ones;
// stored is nil for a new function.
func (in *FunctionFields) ownedProblems(stored *functionView) []model.Problem {
	var id, version, created, updated, derived, notes, callers, warnings, quarantine, paused, digest, deleted any
	if stored != nil {
		callers, warnings, quarantine, paused = stored.CalledBy, stored.Warnings, stored.Quarantine, stored.PausedAt
		id, version, created, updated = stored.ID, stored.Version, stored.CreatedAt, stored.UpdatedAt
		derived, notes, digest, deleted = stored.DerivedSchemas, stored.PackageNotes, stored.Digest, stored.Deleted
	}
	problems := append(in.ID.sameAs(id, "/id"), in.Digest.sameAs(digest, "/digest")...)
	problems = append(problems, in.DerivedSchemas.sameAs(derived, "/derived_schemas")...)
	problems = append(problems, in.PackageNotes.sameAs(notes, "/package_notes")...)
	problems = append(problems, in.CalledBy.sameAs(callers, "/called_by")...)
	problems = append(problems, in.Warnings.sameAs(warnings, "/warnings")...)
	problems = append(problems, in.Quarantine.sameAs(quarantine, "/quarantine")...)
	problems = append(problems, in.PausedAt.sameAs(paused, "/paused_at")...)
	problems = append(problems, in.Deleted.sameAs(deleted, "/deleted")...)
	problems = append(problems, in.Version.sameAs(version, "/version")...)
	problems = append(problems, in.CreatedAt.sameAs(created, "/created_at")...)
	return append(problems, in.UpdatedAt.sameAs(updated, "/updated_at")...)
}
