package handlers

import (
	"context"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"maestro/repo"
)

type secretPutInput struct {
	Name string `path:"name" maxLength:"255" pattern:"^[A-Za-z_][A-Za-z0-9_.-]*$" doc:"How functions and webhooks call it" example:"STRIPE_KEY"`
	Body struct {
		Value string `json:"value" minLength:"1" maxLength:"65536" doc:"Never shown again. From eight characters on it is masked in logs, records and errors"`
	}
}

type secretPath struct {
	Name string `path:"name" doc:"Of the secret"`
}

type secretView struct {
	Name      string    `json:"name"`
	CreatedAt timestamp `json:"created_at"`
	UpdatedAt timestamp `json:"updated_at" doc:"When its value was stored last"`
}

func (s *Server) addSecrets() {
	huma.Register(s.api, huma.Operation{
		OperationID: "put-secret", Method: http.MethodPut, Path: "/api/v1/secrets/{name}", Tags: []string{"Secrets"},
		Summary: "Store a secret, in place of an earlier one of that name", DefaultStatus: http.StatusNoContent, MaxBodyBytes: -1,
	}, s.putSecret)
	huma.Register(s.api, huma.Operation{
		OperationID: "list-secrets", Method: http.MethodGet, Path: "/api/v1/secrets", Tags: []string{"Secrets"},
		Summary: "List secrets, without their values",
	}, s.listSecrets)
	huma.Register(s.api, huma.Operation{
		OperationID: "delete-secret", Method: http.MethodDelete, Path: "/api/v1/secrets/{name}", Tags: []string{"Secrets"},
		Summary: "Delete a secret", DefaultStatus: http.StatusNoContent,
	}, s.deleteSecret)
}

func (s *Server) putSecret(ctx context.Context, in *secretPutInput) (*struct{}, error) {
	if strings.ContainsRune(in.Body.Value, utf8.RuneError) {
		return nil, invalidAt("/value", "must be text; half a surrogate pair or the character U+FFFD shows that it was not")
	}
	return nil, s.opts.Secrets.Put(ctx, callFrom(ctx).tenant, in.Name, in.Body.Value)
}

func (s *Server) listSecrets(ctx context.Context, in *PageInput) (*pageOutput[secretView], error) {
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	found, next, err := s.opts.DB.ListSecrets(ctx, callFrom(ctx).tenant, page)
	if err != nil {
		return nil, err
	}
	return newPage(in, found, next, func(secret repo.Secret) secretView {
		return secretView{secret.Name, timestamp(secret.CreatedAt), timestamp(secret.UpdatedAt)}
	}), nil
}

func (s *Server) deleteSecret(ctx context.Context, in *secretPath) (*struct{}, error) {
	return nil, s.opts.Secrets.Delete(ctx, callFrom(ctx).tenant, in.Name)
}
