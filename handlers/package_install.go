package handlers

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/model"
	"maestro/internal/packages/requirement"
	"maestro/repo"
)

// Packages installs what functions import. A *packages.Manager is one.
type Packages interface {
	// Install begins to install a package and returns the operation.
	Install(ctx context.Context, tenant string, want requirement.Requirement, by *string) (model.PackageInstall, error)
	// Wait returns an operation after its end, or its current state when ctx ends.
	Wait(ctx context.Context, tenant string, id model.ID) (model.PackageInstall, error)
	// Remove removes a package that was installed by request, by its normalised name.
	Remove(ctx context.Context, tenant, name string, by *string) error
	// WithRequirements installs the requirements of a function, and calls store to
	// commit the function together with the change, once or several times.
	WithRequirements(ctx context.Context, tenant, function string, requirements []string, restore model.Lock, by *string,
		store func(ctx context.Context, change *repo.EnvironmentChange, lock model.Lock) error) error
	// WithAllRequirements does the same for several functions, all or none of them.
	WithAllRequirements(ctx context.Context, tenant string, wanted []repo.FunctionRequirements, by *string,
		store func(ctx context.Context, change *repo.EnvironmentChange) error) error
}

type packageInstallInput struct {
	Prefer string `header:"Prefer" doc:"respond-async: do not wait for the install; the response is a 202 with its address, whose log can be followed from its first line"`
	Body   struct {
		Name    string           `json:"package_name" minLength:"1" maxLength:"500" doc:"The package's name on the index, with extras if need be: httpx[http2]"`
		Version Optional[string] `json:"version,omitzero" minLength:"1" maxLength:"255" doc:"One version, such as 0.28.1; the newest that fits when left out"`
	}
}

// packageInstalled is a package, or the install in progress.
type packageInstalled struct {
	Status     int
	Location   string `header:"Location" doc:"Of an install in progress"`
	Preference string `header:"Preference-Applied" doc:"respond-async, when that was asked for"`
	Body       packageOrInstall
}

// packageOrInstall is shown as the install when there is one.
type packageOrInstall struct {
	packageView
	install *installView
}

// Schema implements huma.SchemaProvider: the documented answer is the package's.
func (packageOrInstall) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[packageView](), true, "Package")
}

func (s *Server) installPackageOp() huma.Operation {
	return huma.Operation{
		OperationID: "install-package", Summary: "Install a package for the functions of the subtenant, replacing another version of it",
		Description: "The next call of a function can import it. Waits up to 30 seconds for the install; a longer one continues, and the response is a 202 with its address. " +
			"A failed install changes nothing. A package that does not support sub-interpreters moves a subtenant whose lane is auto to the process lane: notes says so.",
		DefaultStatus: http.StatusCreated,
		Responses: map[string]*huma.Response{
			"202": {Description: "The install continues; Location is its address", Content: map[string]*huma.MediaType{
				"application/json": {Schema: schemaOf[installView](s)},
			}},
		},
	}
}

func (s *Server) installPackage(ctx context.Context, in *packageInstallInput) (*packageInstalled, error) {
	call := callFrom(ctx)
	want, err := requirement.Parse(in.Body.Name)
	switch {
	case err != nil:
		return nil, invalidAt("/package_name", "%s", err.Error())
	case want.Specifier != "" || want.Marker != "":
		return nil, invalidAt("/package_name", "must be a name, with extras if needed; send the version in version, and other conditions in the requirements of a function")
	}
	if in.Body.Version.given() {
		exact, err := requirement.Exactly(want.Name, in.Body.Version.Value)
		if err != nil {
			return nil, invalidAt("/version", "%s", err.Error())
		}
		want.Specifier, want.Text = exact.Specifier, want.Text+exact.Specifier
	}
	install, err := s.opts.Packages.Install(ctx, call.tenant, want, &call.principal.Email)
	if err != nil {
		return nil, err
	}
	if prefersAsync(in.Prefer) {
		out := installAccepted(install)
		out.Preference = "respond-async"
		return out, nil
	}
	wait, cancel := context.WithTimeout(ctx, s.opts.InstallWait)
	defer cancel()
	if install, err = s.opts.Packages.Wait(wait, call.tenant, install.ID); err != nil {
		return nil, err
	}
	switch {
	case !install.Status.Final():
		return installAccepted(install), nil
	case install.Problem != nil:
		return nil, install.Problem
	}
	installed, err := s.opts.DB.Package(ctx, call.tenant, want.Name)
	if err != nil {
		return nil, err
	}
	environment, err := s.opts.DB.Environment(ctx, call.tenant)
	if err != nil {
		return nil, err
	}
	return &packageInstalled{Status: http.StatusCreated, Body: packageOrInstall{packageView: viewPackage(installed, environment.Lock)}}, nil
}

// installAccepted is the answer while an install is in progress.
func installAccepted(install model.PackageInstall) *packageInstalled {
	view := viewInstall(install)
	return &packageInstalled{Status: http.StatusAccepted, Location: installAddress(install.ID), Body: packageOrInstall{install: &view}}
}

type packageListInput struct {
	PageInput
	All bool `query:"all" doc:"Also dependencies, and packages that only functions require"`
}

var listPackagesOp = huma.Operation{OperationID: "list-packages", Summary: "List the packages installed by request, or all packages"}

func (s *Server) listPackages(ctx context.Context, in *packageListInput) (*pageOutput[packageView], error) {
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	found, next, err := s.opts.DB.ListPackages(ctx, callFrom(ctx).tenant, in.All, page)
	if err != nil {
		return nil, err
	}
	environment, err := s.opts.DB.Environment(ctx, callFrom(ctx).tenant)
	if err != nil {
		return nil, err
	}
	return newPage(&in.PageInput, found, next, func(p model.Package) packageView { return viewPackage(p, environment.Lock) }), nil
}

type packagePath struct {
	Name string `path:"name" doc:"Of the package, in any spelling of it"`
}

var removePackageOp = huma.Operation{
	OperationID: "remove-package", Summary: "Remove a package, and dependencies that only it needs", DefaultStatus: http.StatusNoContent,
	Description: "Also a package left by a function that was deleted, or whose requirements changed.",
}

func (s *Server) removePackage(ctx context.Context, in *packagePath) (*struct{}, error) {
	call := callFrom(ctx)
	name, err := requirement.Normalize(in.Name)
	if err != nil {
		return nil, model.NewError(model.CodePackageNotFound, "The package %q is not installed.", in.Name)
	}
	ctx, end := s.unhurried(ctx)
	defer end()
	return nil, s.opts.Packages.Remove(ctx, call.tenant, name, &call.principal.Email)
}
