package webhook

import (
	"maestro/internal/payload"
)

// request is the input of a function in mode request.
type request struct {
	body          []byte // JSON
	headers       []payload.Header
	authorization bool             // pass the Authorization header to the function
	signed        []payload.Header // the names of those that carry the signature
	query         []payload.Field
	parameters    []string
	values        [][]byte // of the parameters
	method        string
	url           string
	path          string
	defaults      *payload.Defaults
	declared      *payload.Declared // by the function's input schema
}

// members are the members of a request; defaults of these names are not applied.
var members = []string{"body", "headers", "query", "path_params", "method", "url", "path"}

// The members in which a schema may declare another type for text.
var (
	memberBody       = []byte("body")
	memberQuery      = []byte("query")
	memberParameters = []byte("path_params")
)

// build builds the input of the function in one buffer. It also returns the
// values that must not be recorded.
func (r *request) build() (text []byte, secrets []string) {
	size := len(r.body) + len(r.url) + len(r.path) + 256
	for i := range r.headers {
		size += r.headers[i].Len()
	}
	out := append(make([]byte, 0, size), `{"body":`...)
	out = append(out, r.body...)
	out, secrets = payload.AppendHeaders(append(out, `,"headers":`...), r.headers, r.authorization, r.signed)
	out = payload.AppendFields(append(out, `,"query":`...), r.query, r.declared.Property(memberQuery), r.defaults)
	out = append(out, `,"path_params":{`...)
	parameters := r.declared.Property(memberParameters)
	for i, name := range r.parameters {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(payload.AppendString(out, name), ':')
		out = parameters.Property([]byte(name)).AppendOne(out, r.values[i])
	}
	out = payload.AppendString(append(out, `},"method":`...), r.method)
	out = payload.AppendString(append(out, `,"url":`...), r.url)
	out = payload.AppendString(append(out, `,"path":`...), r.path)
	return append(r.defaults.AppendMembers(out, members), '}'), secrets
}
