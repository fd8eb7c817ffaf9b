package schema

import (
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"maestro/internal/model"
)

// errForeign is the error for a document outside the schema, which is not loaded.
var errForeign = errors.New("not part of the schema")

// compileError is the error of a schema for its author.
func compileError(doc any, err error) *model.Error {
	var meta *jsonschema.SchemaValidationError
	var v *jsonschema.ValidationError
	if errors.As(err, &meta) && errors.As(meta.Err, &v) {
		e := invalid("the schema does not follow JSON Schema: errors lists where its meta-schema refuses it")
		e.Problems = problemsOf(v)
		return e
	}
	var load *jsonschema.LoadURLError
	if errors.As(err, &load) {
		if names(doc, "$schema", load.URL) {
			return invalid("the $schema %s is not known. Name the meta-schema of draft 2020-12 (https://json-schema.org/draft/2020-12/schema), 2019-09, 7, 6 or 4, or leave $schema out", load.URL)
		}
		return invalid("a $ref to another document (%s) is not allowed: put the definition under $defs", relative(load.URL))
	}
	return invalid("the schema can't be used: %s", reason(err))
}

func reason(err error) string {
	var (
		id              *jsonschema.ParseIDError
		anchor          *jsonschema.ParseAnchorError
		duplicateID     *jsonschema.DuplicateIDError
		duplicateAnchor *jsonschema.DuplicateAnchorError
		nowhere         *jsonschema.JSONPointerNotFoundError
		pointer         *jsonschema.InvalidJsonPointerError
		noAnchor        *jsonschema.AnchorNotFoundError
		url             *jsonschema.ParseURLError
	)
	switch {
	case errors.As(err, &id):
		return fmt.Sprintf("the $id at %s is not a URI reference", relative(id.URL))
	case errors.As(err, &anchor):
		return fmt.Sprintf("the anchor at %s must be a name without #", relative(anchor.URL))
	case errors.As(err, &duplicateID):
		return fmt.Sprintf("the $id %s is there twice, at #%s and at #%s. Give each an $id of its own", relative(duplicateID.ID), duplicateID.Ptr1, duplicateID.Ptr2)
	case errors.As(err, &duplicateAnchor):
		return fmt.Sprintf("the anchor %s is there twice, at #%s and at #%s. Give each a name of its own", duplicateAnchor.Anchor, duplicateAnchor.Ptr1, duplicateAnchor.Ptr2)
	case errors.As(err, &nowhere):
		return fmt.Sprintf("the reference %s leads nowhere. Put a definition at that place, or correct the reference", relative(nowhere.URL))
	case errors.As(err, &pointer):
		return fmt.Sprintf("the reference %s is not a JSON pointer", relative(pointer.URL))
	case errors.As(err, &noAnchor):
		return fmt.Sprintf("the reference %s leads nowhere: no schema has that anchor", relative(noAnchor.Reference))
	case errors.As(err, &url):
		return fmt.Sprintf("the reference %s is not a URI reference", relative(url.URL))
	}
	return relative(err.Error())
}

// relative removes the base URL, which build adds, from a text.
func relative(text string) string {
	return strings.NewReplacer(textURL, "", baseURL, "", "maestro:///", "/").Replace(text)
}

// names reports whether a keyword in the document has that URL as its value,
// fragments aside.
func names(doc any, keyword, url string) bool {
	switch doc := doc.(type) {
	case map[string]any:
		text, _ := doc[keyword].(string)
		if text, _, _ = strings.Cut(text, "#"); text != "" && text == url {
			return true
		}
		for _, value := range doc {
			if names(value, keyword, url) {
				return true
			}
		}
	case []any:
		for _, value := range doc {
			if names(value, keyword, url) {
				return true
			}
		}
	}
	return false
}
