package handlers

import (
	"cmp"
	"context"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/model"
	"maestro/repo"
)

// maxCodeBytes is the maximum length of the source of a function.
const maxCodeBytes = 1 << 20

// afterInstall describes operations that may install packages.
const afterInstall = "Required packages are installed first, which may take some minutes; the response is sent afterwards."

type functionCreateInput struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"255" pattern:"^[A-Za-z_][A-Za-z0-9_]*$"`
		Code string `json:"code" doc:"Python source that defines the function, at most 1 MiB"`
		FunctionFields
	}
}

type functionCreated struct {
	Location string `header:"Location"`
	ETag     string `header:"ETag"`
	Body     functionView
}

var createFunctionOp = huma.Operation{OperationID: "create-function", Summary: "Create a function or a module", DefaultStatus: http.StatusCreated, Description: afterInstall}

func (s *Server) createFunction(ctx context.Context, in *functionCreateInput) (*functionCreated, error) {
	call := callFrom(ctx)
	if problems := in.Body.ownedProblems(nil); len(problems) > 0 {
		return nil, invalid(problems...)
	}
	if fault := cmp.Or(nameFault(in.Body.Name), newNameFault(in.Body.Name)); fault != "" {
		return nil, invalidAt("/name", "%s", fault)
	}
	f := model.Function{Name: in.Body.Name, Kind: model.KindFunction, Code: in.Body.Code}
	if in.Body.Kind.Set {
		f.Kind = model.FunctionKind(in.Body.Kind.Value)
	}
	f.InputDerived, f.OutputDerived = f.Kind == model.KindFunction, f.Kind == model.KindFunction // unless the body has schemas
	if err := in.Body.applyTo(&f, s.opts.FunctionTimeout); err != nil {
		return nil, err
	}
	if err := s.checkTarget(f.Notify, f.Name); err != nil {
		return nil, err
	}
	if err := s.checkCode(ctx, &f); err != nil {
		return nil, err
	}
	if err := s.checkNameFree(ctx, call.tenant, f); err != nil {
		return nil, err
	}
	var made model.Function
	by := &call.principal.Email
	err := s.withRequirements(ctx, call.tenant, f, nil, by, func(ctx context.Context, change *repo.EnvironmentChange, lock model.Lock) (err error) {
		f.Lock = lock
		made, err = s.opts.DB.CreateFunction(ctx, call.tenant, f, by, change)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.FunctionsChanged(call.tenant)
	return &functionCreated{
		Location: "/api/v1/functions/" + url.PathEscape(made.Name), ETag: etag(made.Version), Body: s.viewSaved(ctx, made),
	}, nil
}

// checkCode checks whether the function can be saved: size, syntax, def and
// schemas. It derives missing schemas from type hints. It runs no code.
func (s *Server) checkCode(ctx context.Context, f *model.Function) error {
	if len(f.Code) > maxCodeBytes {
		return invalidAt("/code", "must be at most 1 MiB of UTF-8")
	}
	return s.opts.Engine.Check(ctx, f)
}
