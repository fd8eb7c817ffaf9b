package signature

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// SignStandard sets the headers of Standard Webhooks on a message that this server
// sends. Each secret gives a signature, so that the receiver can replace the one it knows;
// without secrets there is no signature.
func SignStandard(header http.Header, id string, at time.Time, body []byte, secrets [][]byte) error {
	stamp := strconv.FormatInt(at.Unix(), 10)
	signatures := make([]string, 0, len(secrets))
	for _, secret := range secrets {
		key, err := standardKey(secret)
		if err != nil || len(key) == 0 {
			return fmt.Errorf("a secret is not in the form of Standard Webhooks: base64 after %s", standardSecretPrefix)
		}
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(sign(key, id+"."+stamp+".", body)))
	}
	header.Set(standardID, id)
	header.Set(standardTimestamp, stamp)
	if len(signatures) > 0 {
		header.Set(standardSignature, strings.Join(signatures, " "))
	}
	return nil
}
