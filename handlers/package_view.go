package handlers

import (
	"encoding/json"

	"maestro/internal/model"
)

// packageView is a package as the API shows it.
type packageView struct {
	ID          string    `json:"id" format:"uuid"`
	Name        string    `json:"package_name" doc:"Normalised as in PEP 503"`
	Version     string    `json:"version"`
	Requirement *string   `json:"requirement" doc:"As requested; null for a dependency, and for a package that only functions require"`
	InstalledAt timestamp `json:"installed_at"`
	InstalledBy *string   `json:"installed_by"`

	Lane  *model.LaneName `json:"lane" enum:"process" doc:"The lane that it needs, or that a package needs which it requires; null: it works in each lane"`
	Notes []string        `json:"notes" nullable:"false" doc:"Which packages need the process lane, and which of their modules do not work, with the reasons: of the package and of those that it requires"`
}

// viewPackage shows a package that was installed with a lock.
func viewPackage(p model.Package, lock model.Lock) packageView {
	part := lock.Reach(p.Name)
	view := packageView{
		ID: p.ID.String(), Name: p.Name, Version: p.Version, InstalledAt: timestamp(p.InstalledAt), InstalledBy: p.InstalledBy, Notes: orEmpty(part.Notes()),
	}
	if p.Requirement != "" {
		view.Requirement = &p.Requirement
	}
	if part.ProcessReason() != "" {
		lane := model.LaneProcess
		view.Lane = &lane
	}
	return view
}

// installView is an install as the API shows it.
type installView struct {
	ID          string       `json:"id" format:"uuid"`
	Name        string       `json:"package_name"`
	Requirement string       `json:"requirement" doc:"As requested"`
	Status      model.Status `json:"status" enum:"pending,running,completed,failed"`
	Log         []string     `json:"log" nullable:"false" doc:"The output so far, line by line"`
	Error       *string      `json:"error" doc:"The cause of a failure, in words"`
	ErrorCode   *string      `json:"error_code" doc:"The cause as a stable code"`
	CreatedAt   timestamp    `json:"created_at"`
	CreatedBy   *string      `json:"created_by"`
	CompletedAt timestamp    `json:"completed_at" doc:"Null while it is in progress"`
}

func viewInstall(install model.PackageInstall) installView {
	view := installView{
		ID: install.ID.String(), Name: install.Name, Requirement: install.Requirement, Status: install.Status, Log: orEmpty(install.Log),
		CreatedAt: timestamp(install.CreatedAt), CreatedBy: install.CreatedBy, CompletedAt: timestamp(install.CompletedAt),
	}
	if install.Problem != nil {
		code := string(install.Problem.Code)
		view.Error, view.ErrorCode = &install.Problem.Detail, &code
	}
	return view
}

func installAddress(id model.ID) string { return "/api/v1/packages/installs/" + id.String() }

// MarshalJSON encodes the install when there is one, otherwise the package.
func (p packageOrInstall) MarshalJSON() ([]byte, error) {
	if p.install != nil {
		return json.Marshal(p.install)
	}
	return json.Marshal(p.packageView)
}
