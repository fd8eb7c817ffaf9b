package handlers

import (
	"fmt"
	"net/url"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/model"
	"maestro/repo"
)

// PageInput are the parameters of every list. Like each type embedded in an
// input it is exported, because Huma ignores unexported ones.
type PageInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"How many at most"`
	Offset int    `query:"offset" minimum:"0" maximum:"10000" doc:"How many to skip; not together with cursor"`
	Cursor string `query:"cursor" maxLength:"1024" doc:"The X-Next-Cursor of the page before"`

	address url.URL
}

// BriefInput is the parameter of lists whose items have members that may be large.
type BriefInput struct {
	Brief bool `query:"brief" doc:"Without the members that may be large: items have no input_data, output_data, error and traceback (executions and steps; executions have input_head and error_head instead), no code, input_schema, output_schema and digest (functions and versions), no payload (messages). They are not read from the database then"`
}

// Resolve implements huma.Resolver: it keeps the address for the link to the
// next page.
func (p *PageInput) Resolve(ctx huma.Context) []error {
	p.address = ctx.URL()
	return nil
}

// page converts the input for the repository.
func (p *PageInput) page() (repo.Page, error) {
	if p.Cursor != "" && p.Offset > 0 {
		return repo.Page{}, invalidAt("/query/offset", "send either offset or cursor")
	}
	return repo.Page{Limit: p.Limit, Offset: p.Offset, Cursor: p.Cursor}, nil
}

// pageOutput is the response of every list.
type pageOutput[T any] struct {
	NextCursor string `header:"X-Next-Cursor" doc:"Of the next page; absent on the last"`
	Link       string `header:"Link" doc:"The next page's address, rel=next"`
	Body       []T    `nullable:"false"`
}

// newPage makes the response; next is the cursor of the next page, or empty.
func newPage[M, V any](in *PageInput, items []M, next string, view func(M) V) *pageOutput[V] {
	out := &pageOutput[V]{NextCursor: next, Body: make([]V, 0, len(items))}
	for _, item := range items {
		out.Body = append(out.Body, view(item))
	}
	if next != "" {
		query := in.address.Query()
		query.Del("offset")
		query.Set("cursor", next)
		query.Set("limit", strconv.Itoa(in.Limit))
		out.Link = fmt.Sprintf(`<%s?%s>; rel="next"`, in.address.EscapedPath(), query.Encode())
	}
	return out
}

// pathID parses an id of a path. A text that is no id is an id not found.
func pathID(text string, missing model.Code, what string) (model.ID, error) {
	id, err := model.ParseID(text)
	if err != nil || id.IsZero() {
		return model.ID{}, model.NewError(missing, "There is no %s with that id.", what)
	}
	return id, nil
}
