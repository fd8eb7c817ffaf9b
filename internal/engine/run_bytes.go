package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"maestro/internal/model"
)

// digest is recorded in place of bytes that are sent as they are.
type digest struct {
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// recordedBytes is an output with bytes as its record shows it: by their size
// and digest, in place of the whole or of the member "body". The output itself
// is returned when it has none.
func recordedBytes(output json.RawMessage) json.RawMessage {
	if short, ok := digestOf(output); ok {
		return short
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(output, &object) != nil {
		return output
	}
	short, ok := digestOf(object["body"])
	if !ok {
		return output
	}
	object["body"] = short
	text, err := json.Marshal(object)
	if err != nil {
		return output
	}
	return text
}

func digestOf(text json.RawMessage) (json.RawMessage, bool) {
	plain, ok := model.BytesOf(text)
	if !ok {
		return nil, false
	}
	sum := sha256.Sum256(plain)
	short, err := json.Marshal(digest{len(plain), hex.EncodeToString(sum[:])})
	return short, err == nil
}
