package handlers

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/model"
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

	LastReadAt timestamp      `json:"last_read_at" nullable:"true" doc:"The minute in which it was last read: by a function, for the signature of a webhook's call, or for that of a message about a failure. At most two minutes behind; null: not since this is recorded"`
	LastReadBy *string        `json:"last_read_by" nullable:"true" doc:"The function that was the first to read it in that minute, through maestro.secret; null: the server itself, for a signature, or not known"`
	Readers    []secretReader `json:"readers" nullable:"true" doc:"The functions and modules whose active version reads it by a constant name, as in maestro.secret(\"NAME\"), and those that compute names of secrets and may read it. null: not known yet, because versions of an earlier Maestro are still to be read; ask again"`
}

type secretReader struct {
	Function string `json:"function" doc:"The name of the function or module"`
	Kind     string `json:"kind" enum:"function,module"`
	Version  int    `json:"version" doc:"The active one"`
	Computed bool   `json:"computed" doc:"It does not name this secret but computes names, as in maestro.secret(prefix + \"KEY\"): only a run can tell which it reads"`
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
	tenant := callFrom(ctx).tenant
	found, next, err := s.opts.DB.ListSecrets(ctx, tenant, page)
	if err != nil {
		return nil, err
	}
	readers, err := s.readersOf(ctx, tenant, found)
	if err != nil {
		return nil, err
	}
	return newPage(in, found, next, func(secret repo.Secret) secretView {
		view := secretView{Name: secret.Name, CreatedAt: timestamp(secret.CreatedAt), UpdatedAt: timestamp(secret.UpdatedAt), LastReadAt: optionalTime(secret.LastReadAt), LastReadBy: secret.LastReadBy}
		if readers != nil {
			view.Readers = append([]secretReader{}, readers[secret.Name]...)
		}
		return view
	}), nil
}

// mostReadAtOnce is how many versions one request reads for the names of secrets.
const mostReadAtOnce = 200

// readersOf returns the readers of secrets by their names. Code saved by an earlier
// version of the server, which did not record the names, is inspected now, but not
// more of it than one request should wait for: then the result is nil.
func (s *Server) readersOf(ctx context.Context, tenant string, all []repo.Secret) (map[string][]secretReader, error) {
	names := make([]string, len(all))
	for i := range all {
		names[i] = all[i].Name
	}
	found, err := s.opts.DB.SecretReaders(ctx, tenant, names)
	if err != nil {
		return nil, err
	}
	readers := make(map[string][]secretReader, len(all))
	read := 0
	for i := range found {
		by := &found[i]
		if !by.Read {
			if read++; read > mostReadAtOnce {
				return nil, nil
			}
			known, err := s.readNames(ctx, tenant, by.Function, by.VersionID)
			if err != nil {
				return nil, err
			}
			by.Secrets = known.Secrets
		}
		for _, name := range names {
			if named := slices.Contains(by.Secrets, name); named || slices.Contains(by.Secrets, model.AnySecret) {
				readers[name] = append(readers[name], secretReader{Function: by.Function, Kind: string(by.Kind), Version: by.Version, Computed: !named})
			}
		}
	}
	return readers, nil
}

var deleteSecretOp = huma.Operation{OperationID: "delete-secret", Summary: "Delete a secret", DefaultStatus: http.StatusNoContent}

func (s *Server) deleteSecret(ctx context.Context, in *secretPath) (*struct{}, error) {
	return nil, s.opts.Secrets.Delete(ctx, callFrom(ctx).tenant, in.Name)
}
