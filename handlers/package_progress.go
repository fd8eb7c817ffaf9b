package handlers

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/model"
)

// InstallPath names an install in an address.
type InstallPath struct {
	ID string `path:"id"`
}

func (p *InstallPath) id() (model.ID, error) {
	return pathID(p.ID, model.CodeInstallNotFound, "install")
}

type installOutput struct{ Body installView }

var getInstallOp = huma.Operation{OperationID: "get-installation", Summary: "Get the state of an install", Description: "Installs are kept for seven days after their end."}

func (s *Server) getInstall(ctx context.Context, in *InstallPath) (*installOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	install, err := s.opts.DB.Install(ctx, callFrom(ctx).tenant, id)
	if err != nil {
		return nil, err
	}
	return &installOutput{Body: viewInstall(install)}, nil
}

type installFollowInput struct {
	InstallPath
	After       string `query:"after" maxLength:"64" doc:"The id of the last entry that is known, for clients that can't send Last-Event-ID"`
	LastEventID string `header:"Last-Event-ID" maxLength:"64" doc:"The id of the last entry that is known; an EventSource sends it when it connects again"`
}

func followInstallOp() huma.Operation {
	return huma.Operation{
		OperationID: "follow-installation", Summary: "Follow an install",
		Description: "Server-sent events like those of an execution's log: each line of output is an event `log`; the last event is `execution_completed`, with a `status`.",
		Responses: map[string]*huma.Response{
			"200": {Description: "The stream", Content: map[string]*huma.MediaType{mediaEventStream: {Schema: &huma.Schema{Type: huma.TypeString}}}},
			"204": {Description: "The install has ended and everything after Last-Event-ID was sent"},
		},
	}
}

func (s *Server) followInstall(ctx context.Context, in *installFollowInput) (*huma.StreamResponse, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	tenant := callFrom(ctx).tenant
	look := func(ctx context.Context) (*model.Execution, error) {
		install, err := s.opts.DB.Install(ctx, tenant, id)
		return endOfInstall(&install), err
	}
	now, err := look(ctx)
	if err != nil {
		return nil, err
	}
	stream := &logStream{server: s, watcher: watcherOf(callFrom(ctx)), id: id, look: look}
	stream.noteEnd(now)
	after := in.After
	if in.LastEventID != "" {
		after = in.LastEventID
	}
	return stream.answer(ctx, after)
}

// endOfInstall has the members of an install that the end of a stream shows.
func endOfInstall(install *model.PackageInstall) *model.Execution {
	e := &model.Execution{ID: install.ID, Status: install.Status, CompletedAt: install.CompletedAt}
	if !install.CompletedAt.IsZero() {
		e.Duration = install.CompletedAt.Sub(install.CreatedAt)
	}
	if install.Problem != nil {
		code := string(install.Problem.Code)
		e.ErrorType = &code
	}
	return e
}
