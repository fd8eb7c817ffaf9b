package payload

import (
	"strings"
)

const (
	mediaForm      = "application/x-www-form-urlencoded"
	mediaMultipart = "multipart/form-data"
)

// mediaType is a Content-Type, as far as it could be parsed.
type mediaType struct {
	name       string // "type/subtype" in lower case; empty for none
	parameters []parameter
}

// parseMediaType parses a Content-Type like browsers (the WHATWG MIME Sniffing
// standard): invalid parts are ignored, and the first of several parameters of a
// name is used. A space or a comma in place of a semicolon is accepted.
func parseMediaType(text string) mediaType {
	text = strings.Trim(text, " \t\r\n,;")
	end := strings.IndexAny(text, "; \t,")
	if end < 0 {
		return mediaType{name: strings.ToLower(text)}
	}
	m := mediaType{name: strings.ToLower(text[:end])}
	m.parameters = parseParameters(strings.TrimLeft(text[end:], "; \t,"))
	return m
}

// charset is the declared charset, or empty.
func (m *mediaType) charset() string {
	label, _ := valueOf(m.parameters, "charset")
	return label
}

// isJSON reports whether the type is JSON, so that any other body is refused.
func (m *mediaType) isJSON() bool {
	switch m.name {
	case "application/json", "text/json", "application/x-json", "text/x-json":
		return true
	default:
		return strings.HasSuffix(m.name, "+json")
	}
}

// mayBeJSON reports whether an object or array of this type is parsed as JSON: SNS
// sends it as text/plain, browsers send reports as application/csp-report, curl -d
// sends a form. Types whose text may contain JSON as an example, or as one of
// several lines, are excluded.
func (m *mediaType) mayBeJSON() bool {
	switch m.name {
	case "", "text/plain", "text/javascript", mediaForm:
		return true
	}
	sub, ok := strings.CutPrefix(m.name, "application/")
	if !ok || m.isBinary() {
		return false
	}
	for _, other := range []string{"xml", "yaml", "ndjson", "jsonl", "json-seq", "jsonlines", "json-lines", "stream", "toml"} {
		if strings.Contains(sub, other) {
			return false
		}
	}
	return true
}

// isXML reports whether text of the type may declare its charset itself.
func (m *mediaType) isXML() bool {
	return m.name == "" || strings.HasSuffix(m.name, "/xml") || strings.HasSuffix(m.name, "+xml")
}

// isBinary reports whether the name of the type says that it is not text.
func (m *mediaType) isBinary() bool {
	kind, sub, _ := strings.Cut(m.name, "/")
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
