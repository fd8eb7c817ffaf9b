package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/model"
	"maestro/repo"
)

type functionUpdateInput struct {
	FunctionPath
	IfMatch string `header:"If-Match" doc:"The version that the change is meant for; 412 when it is another by now"`
	Body    struct {
		Name Optional[string] `json:"name,omitzero" nullable:"false" doc:"A function keeps its name"`
		Code Optional[string] `json:"code,omitzero" nullable:"false" doc:"Python source, at most 1 MiB"`
		FunctionFields
	}
}

var updateFunctionOp = huma.Operation{OperationID: "update-function", Summary: "Change a function: any subset of its members", Description: afterInstall}

func (s *Server) updateFunction(ctx context.Context, in *functionUpdateInput) (*functionOutput, error) {
	call := callFrom(ctx)
	ifVersion, err := ifMatch(in.IfMatch)
	if err != nil {
		return nil, err
	}
	if err := s.checkSeen(ctx, call.tenant, in.Name, &in.Body.FunctionFields); err != nil {
		return nil, err
	}
	var changed model.Function
	for try := 1; ; try++ {
		if changed, err = s.updateOnce(ctx, call, in, ifVersion); err == nil {
			break
		}
		if !errors.Is(err, repo.ErrEnvironmentMoved) {
			return nil, err
		}
		if try == updateTries {
			busy := model.NewError(model.CodeUnavailable, "Other requests keep changing the requirements of this function. Try again in a moment.")
			busy.Cause = err
			return nil, busy
		}
	}
	s.FunctionsChanged(call.tenant)
	return &functionOutput{ETag: etag(changed.Version), Body: s.viewSaved(ctx, changed)}, nil
}

// checkSeen compares the members that depend on other functions, and are not
// stored, with their current values.
func (s *Server) checkSeen(ctx context.Context, tenant, name string, in *FunctionFields) error {
	callers, warnings := &in.CalledBy, &in.Warnings
	if callers.text == nil && warnings.text == nil {
		return nil
	}
	f, err := s.opts.DB.Function(ctx, tenant, name)
	if err != nil {
		return err
	}
	view := s.viewSaved(ctx, f)
	problems := append(callers.sameAs(view.CalledBy, "/called_by"), warnings.sameAs(view.Warnings, "/warnings")...)
	if len(problems) > 0 {
		return invalid(problems...)
	}
	callers.text, warnings.text = nil, nil
	return nil
}

// updateTries is how many times an update starts again because another update
// has changed the requirements of the function.
const updateTries = 5

func (s *Server) updateOnce(ctx context.Context, call *call, in *functionUpdateInput, ifVersion *int) (changed model.Function, err error) {
	wanted, err := s.updateWanted(ctx, call.tenant, in, ifVersion)
	if err != nil {
		return changed, err
	}
	by := &call.principal.Email
	err = s.withRequirements(ctx, call.tenant, wanted, nil, by, func(ctx context.Context, change *repo.EnvironmentChange, lock model.Lock) (err error) {
		changed, err = s.opts.DB.UpdateFunction(ctx, call.tenant, in.Name, func(f *model.Function) error {
			before := f.Requirements
			if change != nil {
				f.Lock = lock
			}
			if err := s.applyUpdate(ctx, in, f); err != nil {
				return err
			}
			if change == nil && len(f.Requirements) > 0 && !slices.Equal(before, f.Requirements) {
				return repo.ErrEnvironmentMoved // the requirements changed after updateWanted
			}
			return nil
		}, ifVersion, by, change)
		return err
	})
	return changed, err
}

// applyUpdate changes f, and refuses changes of members that are fixed.
func (s *Server) applyUpdate(ctx context.Context, in *functionUpdateInput, f *model.Function) error {
	stored := viewFunction(*f)
	fields := in.Body.FunctionFields
	again, problems := fields.rederived(f)
	if again != nil {
		fields.DerivedSchemas = owned{}
	}
	problems = append(problems, fields.ownedProblems(&stored)...)
	if in.Body.Name.Set && (in.Body.Name.Null || in.Body.Name.Value != f.Name) {
		problems = append(problems, model.Problem{Pointer: "/name", Message: "can't be changed; create another function"})
	}
	if in.Body.Kind.Set && in.Body.Kind.Value != string(f.Kind) {
		problems = append(problems, model.Problem{Pointer: "/kind", Message: "can't be changed; delete it and create it again, or create another one"})
	}
	if in.Body.Code.Null {
		problems = append(problems, model.Problem{Pointer: "/code", Message: "must not be null: a function needs code"})
	}
	if len(problems) > 0 {
		return invalid(problems...)
	}
	before := *f
	in.Body.Code.applyTo(&f.Code)
	if err := in.Body.applyTo(f, s.opts.FunctionTimeout); err != nil {
		return err
	}
	if in.Body.Notify.Set {
		if err := s.checkTarget(f.Notify, f.Name); err != nil {
			return err
		}
	}
	f.InputDerived = f.InputDerived || slices.Contains(again, "input_schema")
	f.OutputDerived = f.OutputDerived || slices.Contains(again, "output_schema")
	if f.Code == before.Code {
		// Sending a schema back unchanged does not change whether it is derived.
		sameInput := sameSchema(f.InputSchema, before.InputSchema) && !slices.Contains(again, "input_schema")
		sameOutput := sameSchema(f.OutputSchema, before.OutputSchema) && !slices.Contains(again, "output_schema")
		if sameInput {
			f.InputSchema, f.InputDerived = before.InputSchema, before.InputDerived
		}
		if sameOutput {
			f.OutputSchema, f.OutputDerived = before.OutputSchema, before.OutputDerived
		}
		if sameInput && sameOutput {
			return nil
		}
	}
	return s.checkCode(ctx, f)
}

// sameSchema ignores white space: a client may have indented the schema.
func sameSchema(a, b json.RawMessage) bool {
	var left, right bytes.Buffer
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	return json.Compact(&left, a) == nil && json.Compact(&right, b) == nil && bytes.Equal(left.Bytes(), right.Bytes())
}

// ifMatch reads the version of an If-Match header; nil means any.
func ifMatch(header string) (*int, error) {
	text := strings.TrimSpace(header)
	if text == "" || text == "*" {
		return nil, nil
	}
	version, err := strconv.Atoi(strings.Trim(text, `"`))
	if err != nil || version < 1 {
		return nil, model.NewError(model.CodeBadRequest, `If-Match must be one version as in an ETag, such as "3".`)
	}
	return &version, nil
}

type functionDeleted struct {
	CalledBy string `header:"X-Called-By" doc:"Functions and modules whose code calls or imports it, by name, separated by commas; the first 100"`
}

// mostCallers is how many callers the header names.
const mostCallers = 100

var deleteFunctionOp = huma.Operation{
	OperationID: "delete-function", Summary: "Delete a function; its history stays", Description: "X-Called-By names the functions and modules whose code calls or imports it, if there are any: they fail from now on where they do.", DefaultStatus: http.StatusNoContent,
}

func (s *Server) deleteFunction(ctx context.Context, in *FunctionPath) (*functionDeleted, error) {
	tenant := callFrom(ctx).tenant
	f, err := s.opts.DB.Function(ctx, tenant, in.Name)
	if err != nil {
		return nil, err
	}
	users, err := s.usersOf(ctx, tenant, []string{in.Name})
	if err != nil {
		return nil, err
	}
	if err := s.opts.DB.DeleteFunction(ctx, tenant, in.Name); err != nil {
		return nil, err
	}
	s.FunctionsChanged(tenant)
	callers := slices.DeleteFunc(callersOf(users, &f), func(caller string) bool { return caller == f.Name })
	return &functionDeleted{CalledBy: strings.Join(callers[:min(len(callers), mostCallers)], ", ")}, nil
}

var rollbackFunctionOp = huma.Operation{OperationID: "roll-back-function", Summary: "Make a new version that equals an earlier one", Description: afterInstall}

func (s *Server) rollbackFunction(ctx context.Context, in *VersionPath) (*functionOutput, error) {
	call := callFrom(ctx)
	now, err := s.opts.DB.Function(ctx, call.tenant, in.Name)
	if err != nil {
		return nil, err // deleted: refused before packages are installed
	}
	old, err := s.opts.DB.FunctionVersion(ctx, call.tenant, in.Name, in.Version)
	if err != nil {
		return nil, err
	}
	var f model.Function
	by := &call.principal.Email
	wanted := model.Function{Name: in.Name, Kind: now.Kind, Code: old.Code, Requirements: old.Requirements}
	if err := s.checkCode(ctx, &wanted); err != nil {
		return nil, err // for example the version of a module, for a function
	}
	err = s.withRequirements(ctx, call.tenant, wanted, old.Lock, by, func(ctx context.Context, change *repo.EnvironmentChange, _ model.Lock) (err error) {
		f, err = s.opts.DB.RollbackFunction(ctx, call.tenant, in.Name, in.Version, by, change)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.FunctionsChanged(call.tenant)
	return &functionOutput{ETag: etag(f.Version), Body: s.viewSaved(ctx, f)}, nil
}
