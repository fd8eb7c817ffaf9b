package handlers

import (
	"context"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/model"
	"maestro/repo"
)

// FunctionPath names a function in an address.
type FunctionPath struct {
	Name string `path:"name" maxLength:"255"`
}

// VersionPath names one of its versions.
type VersionPath struct {
	FunctionPath
	Version int `path:"version" minimum:"1"`
}

type functionOutput struct {
	ETag string `header:"ETag" doc:"The version, for If-Match"`
	Body functionView
}

type versionOutput struct{ Body versionView }

type functionListInput struct {
	PageInput
	BriefInput
	Tags       []string `query:"tags,explode" nullable:"false" doc:"Functions that have all of them"`
	ActiveOnly bool     `query:"active_only" default:"true" doc:"Leave deleted ones out"`
	Query      string   `query:"q" maxLength:"255" doc:"Found in the name or the description, in any case"`
}

var listFunctionsOp = huma.Operation{OperationID: "list-functions", Summary: "List functions"}

func (s *Server) listFunctions(ctx context.Context, in *functionListInput) (*pageOutput[functionView], error) {
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	page.Brief = in.Brief
	found, next, err := s.opts.DB.ListFunctions(ctx, callFrom(ctx).tenant, repo.FunctionFilter{
		Tags: orEmpty(in.Tags), Query: in.Query, ActiveOnly: in.ActiveOnly, Page: page,
	})
	if err != nil {
		return nil, err
	}
	views, err := s.viewFunctions(ctx, callFrom(ctx).tenant, found)
	if err != nil {
		return nil, err
	}
	return newPage(&in.PageInput, views, next, func(view functionView) functionView {
		if in.Brief {
			view.Code, view.InputSchema, view.OutputSchema, view.Digest = nil, nil, nil, ""
		}
		return view
	}), nil
}

var getFunctionOp = huma.Operation{OperationID: "get-function", Summary: "Get a function"}

func (s *Server) getFunction(ctx context.Context, in *FunctionPath) (*functionOutput, error) {
	f, err := s.opts.DB.Function(ctx, callFrom(ctx).tenant, in.Name)
	if err != nil {
		return nil, err
	}
	view, err := s.viewOne(ctx, f)
	if err != nil {
		return nil, err
	}
	return &functionOutput{ETag: etag(f.Version), Body: view}, nil
}

type versionListInput struct {
	FunctionPath
	PageInput
	BriefInput
}

var listVersionsOp = huma.Operation{OperationID: "list-function-versions", Summary: "List a function's versions, newest first"}

func (s *Server) listVersions(ctx context.Context, in *versionListInput) (*pageOutput[versionView], error) {
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	page.Brief = in.Brief
	found, next, err := s.opts.DB.FunctionVersions(ctx, callFrom(ctx).tenant, in.Name, page)
	if err != nil {
		return nil, err
	}
	return newPage(&in.PageInput, found, next, func(v model.FunctionVersion) versionView {
		view := viewVersion(v)
		if in.Brief {
			view.Code, view.InputSchema, view.OutputSchema = nil, nil, nil
		}
		return view
	}), nil
}

var getVersionOp = huma.Operation{OperationID: "get-function-version", Summary: "Get a version of a function"}

func (s *Server) getVersion(ctx context.Context, in *VersionPath) (*versionOutput, error) {
	v, err := s.opts.DB.FunctionVersion(ctx, callFrom(ctx).tenant, in.Name, in.Version)
	if err != nil {
		return nil, err
	}
	return &versionOutput{Body: viewVersion(v)}, nil
}

// etag is the ETag of a version.
func etag(version int) string { return `"` + strconv.Itoa(version) + `"` }
