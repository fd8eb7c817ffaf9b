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
	Name string `path:"name" maxLength:"255" pattern:"^[A-Za-z_][A-Za-z0-9_.-]*$" doc:"The name by which functions and webhooks refer to it" example:"STRIPE_KEY"`
	Body struct {
		Value string `json:"value" minLength:"1" maxLength:"65536" doc:"Never shown again. Values of eight characters or more are masked in logs, records and errors"`
	}
}

type secretPath struct {
	Name string `path:"name" doc:"Of the secret"`
}

type secretView struct {
	Name      string    `json:"name"`
	CreatedAt timestamp `json:"created_at"`
	UpdatedAt timestamp `json:"updated_at" doc:"When its value was last stored"`
}

var putSecretOp = huma.Operation{OperationID: "put-secret", Summary: "Store a secret, replacing an earlier value", DefaultStatus: http.StatusNoContent}

func (s *Server) putSecret(ctx context.Context, in *secretPutInput) (*struct{}, error) {
	if strings.ContainsRune(in.Body.Value, utf8.RuneError) {
		return nil, invalidAt("/value", "must be valid text: it contains the character U+FFFD or half a surrogate pair, the result of a failed conversion")
	}
	return nil, s.opts.Secrets.Put(ctx, callFrom(ctx).tenant, in.Name, in.Body.Value)
}

var listSecretsOp = huma.Operation{OperationID: "list-secrets", Summary: "List secrets, without their values"}

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

var deleteSecretOp = huma.Operation{OperationID: "delete-secret", Summary: "Delete a secret", DefaultStatus: http.StatusNoContent}

func (s *Server) deleteSecret(ctx context.Context, in *secretPath) (*struct{}, error) {
	return nil, s.opts.Secrets.Delete(ctx, callFrom(ctx).tenant, in.Name)
}
