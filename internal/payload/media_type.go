package payload

import (
	"strings"
)

const (
	mediaForm      = "application/x-www-form-urlencoded"
	mediaMultipart = "multipart/form-data"
)

// mediaType is a Content-Type as far as it could be read.
type mediaType struct {
	name       string // "type/subtype" in lower case; empty for none
	parameters []parameter
}

// parseMediaType reads a Content-Type as browsers do (the WHATWG MIME Sniffing
// standard): what can't be read is passed over, and the first of several
// parameters of a name counts. A space or a comma where a semicolon belongs is
// taken for one.
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

// charset is the declared one, empty for none.
func (m *mediaType) charset() string {
	label, _ := valueOf(m.parameters, "charset")
	return label
}

// isJSON reports whether the type says JSON: a body that is none is a fault
// then.
func (m *mediaType) isJSON() bool {
	switch m.name {
	case "application/json", "text/json", "application/x-json", "text/x-json":
		return true
	default:
		return strings.HasSuffix(m.name, "+json")
	}
}

// mayBeJSON reports whether an object or array under this type is meant as
// JSON: SNS sends it as text/plain, browsers their reports as
// application/csp-report, curl -d as a form. Types of which JSON could be an
// example, or one line of several, are not among them.
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

// isXML reports whether a text of the type may name its charset itself.
func (m *mediaType) isXML() bool {
	return m.name == "" || strings.HasSuffix(m.name, "/xml") || strings.HasSuffix(m.name, "+xml")
}

// isBinary reports whether the type is not text by its name.
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
