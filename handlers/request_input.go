package handlers

import (
	"slices"
)

// request is what a webhook's function gets in mode request.
type request struct {
	body          []byte // JSON
	headers       []header
	authorization bool    // hand the Authorization header on
	signed        *signer // how it was signed; nil: it was not
	query         []pair
	parameters    []string
	values        [][]byte // of the parameters
	method        string
	url           string
	path          string
	defaults      *defaults
}

// members are those of a request; a default of such a name is never laid under
// it.
var members = []string{"body", "headers", "query", "path_params", "method", "url", "path"}

// input builds the function's input in one buffer. It also returns the values
// that no record may show.
func (r *request) input() (text []byte, secrets []string) {
	size := len(r.body) + len(r.url) + len(r.path) + 256
	for i := range r.headers {
		size += len(r.headers[i].name) + len(r.headers[i].value) + 8
	}
	out := append(make([]byte, 0, size), `{"body":`...)
	out = append(out, r.body...)
	out, secrets = appendHeaders(append(out, `,"headers":`...), r.headers, r.authorization, r.signed)
	out = appendPairs(append(out, `,"query":`...), r.query, r.defaults)
	out = append(out, `,"path_params":{`...)
	for i, name := range r.parameters {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendString(out, name), ':')
		out = appendString(out, r.values[i])
	}
	out = appendString(append(out, `},"method":`...), r.method)
	out = appendString(append(out, `,"url":`...), r.url)
	out = appendString(append(out, `,"path":`...), r.path)
	if r.defaults != nil {
		for i := range r.defaults.members {
			if member := &r.defaults.members[i]; !slices.Contains(members, member.name) {
				out = member.append(append(out, ','))
			}
		}
	}
	return append(out, '}'), secrets
}
