package idempotency

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"maestro/internal/model"
)

// MaxKeyBytes is the maximum length of a key.
const MaxKeyBytes = 255

// CheckHeader refuses a header Idempotency-Key that is too long; empty text means
// no header.
func CheckHeader(key string) error {
	if len(key) > MaxKeyBytes {
		return RefuseHeader()
	}
	return nil
}

// RefuseHeader is the error for a key that is too long, or empty.
func RefuseHeader() error {
	return model.NewError(model.CodeInvalid, "The header Idempotency-Key must have 1 to %d bytes.", MaxKeyBytes)
}

// RunKey finds the key of a request to run a function, in its header or its body,
// and the name of the function. The key is empty when there is none, or when the
// body is invalid and will be refused.
func RunKey(header string, body []byte) (key, function string, err error) {
	if err := CheckHeader(header); err != nil {
		return "", "", err
	}
	if header == "" && !bytes.Contains(body, []byte("idempotency_key")) && !bytes.Contains(body, []byte(`\u`)) {
		return "", "", nil
	}
	var asked struct {
		FunctionName string  `json:"function_name"`
		Key          *string `json:"idempotency_key"`
	}
	if json.Unmarshal(body, &asked) != nil {
		return "", "", nil
	}
	switch {
	case asked.Key == nil:
		return header, asked.FunctionName, nil
	case *asked.Key == "" || len(*asked.Key) > MaxKeyBytes || !printable(*asked.Key):
		return "", "", atKey("must be text of 1 to %d printable characters of ASCII", MaxKeyBytes)
	case header != "" && header != *asked.Key:
		return "", "", atKey("is not the one in the header Idempotency-Key; send one of them")
	default:
		return *asked.Key, asked.FunctionName, nil
	}
}

func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}

func atKey(format string, args ...any) error {
	const pointer = "/idempotency_key"
	message := fmt.Sprintf(format, args...)
	refused := model.NewError(model.CodeInvalid, "%s: %s.", pointer, message)
	refused.Problems = []model.Problem{{Pointer: pointer, Message: message}}
	return refused
}
