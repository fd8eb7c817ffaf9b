package handlers

import (
	"bytes"
	"encoding/base64"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"

	"maestro/internal/model"
	"maestro/internal/schema"
)

const (
	mediaForm      = "application/x-www-form-urlencoded"
	mediaMultipart = "multipart/form-data"
)

var (
	emptyObject = []byte("{}")
	byteOrder   = []byte("\xef\xbb\xbf")
)

// decodeBody turns the body of a webhook's call into JSON. The result is
// either new or a part of body.
func decodeBody(contentType string, body []byte) ([]byte, error) {
	if len(body) == 0 {
		return emptyObject, nil
	}
	if contentType == "application/json" { // the common case, without parsing
		return jsonBody(body)
	}
	media, parameters, err := mime.ParseMediaType(contentType)
	if err != nil && media == "" {
		media = strings.ToLower(strings.TrimSpace(contentType))
	}
	switch {
	case media == "application/json" || strings.HasSuffix(media, "+json"):
		return jsonBody(body)
	case (media == "" || media == mediaForm) && looksLikeJSON(body):
		return body, nil
	case media == mediaForm:
		pairs, err := splitPairs(nil, body)
		if err != nil {
			return nil, err
		}
		return appendPairs(nil, pairs, nil), nil
	case media == mediaMultipart:
		return decodeMultipart(body, parameters["boundary"])
	case isBinary(media):
		return rawBase64(body), nil
	default:
		return rawText(body, parameters["charset"]), nil
	}
}

func jsonBody(body []byte) ([]byte, error) {
	body = bytes.TrimPrefix(body, byteOrder)
	if len(bytes.TrimSpace(body)) == 0 {
		return emptyObject, nil
	}
	if err := checkJSON(body, model.CodeInputInvalid); err != nil {
		return nil, err
	}
	return body, nil
}

// looksLikeJSON reports whether a body that does not claim to be JSON is:
// curl -d calls everything a form.
func looksLikeJSON(body []byte) bool {
	start := bytes.TrimLeft(body, " \t\r\n")
	return len(start) > 0 && (start[0] == '{' || start[0] == '[') && schema.Scan(body) == nil
}

// isBinary reports whether a media type is not text by its name.
func isBinary(media string) bool {
	kind, sub, _ := strings.Cut(media, "/")
	switch kind {
	case "image":
		return !strings.HasSuffix(sub, "+xml")
	case "audio", "video", "font":
		return true
	case "application":
		switch sub {
		case "octet-stream", "pdf", "zip", "gzip", "x-tar", "x-7z-compressed", "x-protobuf", "protobuf", "grpc",
			"cbor", "msgpack", "x-msgpack", "vnd.msgpack", "wasm":
			return true
		}
	}
	return false
}

// rawText is a text as {"raw": …}; bytes that are no text in the charset that
// they claim are treated as binary.
func rawText(body []byte, charset string) []byte {
	if charset != "" && !strings.EqualFold(charset, "utf-8") {
		if encoding, err := htmlindex.Get(charset); err == nil {
			if plain, err := encoding.NewDecoder().Bytes(body); err == nil {
				body = plain
			}
		}
	}
	if !utf8.Valid(body) {
		return rawBase64(body)
	}
	out := append(make([]byte, 0, len(body)+len(body)/8+16), `{"raw":`...)
	return append(appendString(out, body), '}')
}

func rawBase64(body []byte) []byte {
	out := append(make([]byte, 0, base64.StdEncoding.EncodedLen(len(body))+20), `{"raw_base64":"`...)
	return append(base64.StdEncoding.AppendEncode(out, body), `"}`...)
}
