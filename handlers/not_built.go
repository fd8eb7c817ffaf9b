package handlers

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"maestro/internal/model"
)

// addNotImplemented answers for the parts of the contract that are still to
// come, after authentication like the real ones.
func (s *Server) addNotImplemented() {
	for _, route := range []struct{ id, call, tag string }{
		{"install-package", "POST /api/v1/packages", "Packages"},
		{"list-packages", "GET /api/v1/packages", "Packages"},
		{"get-installation", "GET /api/v1/packages/installs/{id}", "Packages"},
		{"remove-package", "DELETE /api/v1/packages/{name}", "Packages"},
	} {
		method, path, _ := strings.Cut(route.call, " ")
		operation := huma.Operation{
			OperationID: route.id, Method: method, Path: path, Tags: []string{route.tag}, Summary: "Not built yet",
			Responses: map[string]*huma.Response{}, Errors: []int{http.StatusNotImplemented},
		}
		for segment := range strings.SplitSeq(path, "/") {
			if name, ok := parameterOf(segment); ok {
				operation.Parameters = append(operation.Parameters, pathParameter(name, "", ""))
			}
		}
		s.plain(operation, notBuiltYet)
	}
}

func notBuiltYet(*fiber.Ctx) error {
	return model.NewError(model.CodeNotImplemented, "This is not built yet.")
}
