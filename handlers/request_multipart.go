package handlers

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"unicode/utf8"

	"maestro/internal/model"
)

// decodeMultipart turns a multipart form into a JSON object: text fields as
// text, files as {"filename", "content_type", "raw_base64"}, a repeated name
// as a list.
func decodeMultipart(body []byte, boundary string) ([]byte, error) {
	if boundary == "" {
		return nil, model.NewError(model.CodeMalformedBody, "The Content-Type multipart/form-data lacks its boundary.")
	}
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	var pairs []pair
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) && bytes.Contains(body, []byte("--"+boundary+"--")) {
			return appendPairs(nil, pairs, nil), nil
		}
		var content []byte
		if err == nil {
			content, err = io.ReadAll(part)
		}
		if err != nil {
			return nil, &model.Error{Code: model.CodeMalformedBody, Detail: "The body is not a complete multipart form.", Cause: err}
		}
		if len(pairs) == maxPairs {
			return nil, model.NewError(model.CodeBadRequest, "There are more than %d fields in the form.", maxPairs)
		}
		pairs = append(pairs, pairOfPart(part, content))
	}
}

func pairOfPart(part *multipart.Part, content []byte) pair {
	p := pair{key: []byte(part.FormName()), value: content}
	file := part.FileName()
	switch {
	case file != "":
		out := appendString([]byte(`{"filename":`), file)
		out = appendString(append(out, `,"content_type":`...), part.Header.Get("Content-Type"))
		out = append(out, ',')
		p.value, p.json = append(out, rawBase64(content)[1:]...), true
	case !utf8.Valid(content):
		p.value, p.json = rawBase64(content), true
	}
	return p
}
