package handlers_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func mac(secret, text string) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(text))
	return h.Sum(nil)
}

func hexMAC(secret, text string) string { return hex.EncodeToString(mac(secret, text)) }

// signed are the headers with which each scheme's sender signs a body.
func signed(scheme, secret, body string, at time.Time) []string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	switch scheme {
	case "github":
		return []string{fmt.Sprintf("X-GitHub-Delivery: d-%d", len(body)), "X-Hub-Signature-256: sha256=" + hexMAC(secret, body)}
	case "stripe":
		return []string{"Stripe-Signature: t=" + stamp + ",v1=" + hexMAC(secret, stamp+"."+body)}
	case "slack":
		return []string{"X-Slack-Request-Timestamp: " + stamp, "X-Slack-Signature: v0=" + hexMAC(secret, "v0:"+stamp+":"+body)}
	case "standard-webhooks":
		id := fmt.Sprintf("msg_%d", len(body))
		return []string{"webhook-id: " + id, "webhook-timestamp: " + stamp,
			"webhook-signature: v1," + base64.StdEncoding.EncodeToString(mac(secret, id+"."+stamp+"."+body))}
	default:
		return []string{"X-Mine: " + hexMAC(secret, body)}
	}
}

func TestSignedCalls(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("echo", echoCode)
	const first, second = "the-first!secret", "the-second!secret"
	for name, value := range map[string]string{"FIRST": first, "SECOND": second} {
		f.must(ask{call: "PUT /api/v1/secrets/" + name, body: `{"value":"` + value + `"}`, status: 204})
	}
	const body = "{\"n\":  1.0,\n \"text\": \"ü\"}" // not in the form of an encoder
	ran := 0
	for _, scheme := range []string{"github", "stripe", "slack", "standard-webhooks", "hmac-sha256"} {
		header := ""
		if scheme == "hmac-sha256" {
			header = `,"header":"x-mine"`
		}
		f.webhook(`{"path":"` + scheme + `","function_name":"echo","signature":{"scheme":"` + scheme + `","secret_name":["SECOND","GONE","FIRST"]` + header + `}}`)
		call := "POST /api/v1/h/" + scheme
		now := time.Now()
		good := signed(scheme, first, body, now)
		f.all([]ask{
			{name: "none", call: call, token: "-", body: body, status: 401, want: []string{"signature"}, lacks: []string{"execution_id"}},
			{name: "another secret", call: call, token: "-", body: body, header: signed(scheme, "guessed", body, now), status: 401},
			{name: "another body", call: call, token: "-", body: body + " ", header: good, status: 401},
			{name: "malformed", call: call, token: "-", body: body, header: append(good[:len(good)-1:len(good)-1], good[len(good)-1]+"!"), status: 401},
			{name: "a token does not help", call: call, body: body, status: 401},
			{name: "before the body is read", call: call, token: "-", body: "{", status: 401},
		})
		if scheme != "github" && scheme != "hmac-sha256" {
			for _, off := range []time.Duration{-6 * time.Minute, 6 * time.Minute} {
				f.must(ask{name: "replayed", call: call, token: "-", body: body, header: signed(scheme, first, body, now.Add(off)), status: 401, want: []string{"clock"}})
			}
		}
		require.Equal(t, ran, strings.Count(f.do(ask{call: "GET /api/v1/executions"}).text, `"execution_id"`), "nothing has run")

		got := f.must(ask{name: "signed", call: call, token: "-", body: body, header: good, status: 200, want: []string{`"text":"ü"`}})
		f.must(ask{name: "the record", call: "GET /api/v1/executions/" + got.Header.Get("X-Execution-ID"), status: 200,
			want: []string{`"***"`, `"record_complete":false`}, lacks: []string{good[len(good)-1][20:]}})
		f.must(ask{name: "signed with the other", call: call, token: "-", body: `{"b":2}`, header: signed(scheme, second, `{"b":2}`, now), status: 200})
		ran += 2
	}
	require.NotContains(t, f.log.String(), "!secret")
	require.NotContains(t, f.access.String(), "!secret")
}

func TestASignatureTakenApartIsMaskedToo(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("split", "def split(input):\n    value = input['headers']['stripe-signature']\n    print(value)\n    return [part.split('=')[1] for part in value.split(',')]")
	f.must(ask{call: "PUT /api/v1/secrets/KEY", body: `{"value":"whsec_of-stripe"}`, status: 204})
	f.webhook(`{"path":"s","function_name":"split","signature":{"scheme":"stripe","secret_name":"KEY"}}`)
	now := time.Now()
	got := f.must(ask{call: "POST /api/v1/h/s", token: "-", body: `{}`, header: signed("stripe", "whsec_of-stripe", "{}", now), status: 200})
	f.must(ask{call: "GET /api/v1/executions/" + got.Header.Get("X-Execution-ID"), status: 200,
		want: []string{fmt.Sprintf(`"output_data":["%d","***"]`, now.Unix()), `"Stripe-Signature":"***"`}})
}

func TestSignaturesAsTheyAreSaved(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("echo", echoCode)
	for fields, want := range map[string]string{
		`{"scheme":"github"}`:                                                                 "secret_name",
		`{"secret_name":"K"}`:                                                                 "scheme",
		`{"scheme":"gitlab","secret_name":"K"}`:                                               `"/signature/scheme"`,
		`{"scheme":"github","secret_name":7}`:                                                 `"/signature/secret_name`,
		`{"scheme":"github","secret_name":""}`:                                                `"/signature/secret_name"`,
		`{"scheme":"github","secret_name":[]}`:                                                `"/signature/secret_name"`,
		`{"scheme":"github","secret_name":["K","K"]}`:                                         `"/signature/secret_name/1"`,
		`{"scheme":"github","secret_name":["K",null]}`:                                        `"/signature/secret_name`,
		`{"scheme":"github","secret_name":["1","2","3","4","5","6","7","8","9","10","11"]}`:   `"/signature/secret_name"`,
		`{"scheme":"github","secret_name":"K","header":"X-Sig"}`:                              `"/signature/header"`,
		`{"scheme":"hmac-sha256","secret_name":"K"}`:                                          `"/signature/header"`,
		`{"scheme":"hmac-sha256","secret_name":"K","header":"a b"}`:                           `"/signature/header"`,
		`{"scheme":"hmac-sha256","secret_name":"K","header":"Host"}`:                          `"/signature/header"`,
		`{"scheme":"hmac-sha256","secret_name":"K","header":"X","secret":"never store this"}`: `"/signature/secret"`,
		`"github"`: `"/signature"`,
		`[]`:       `"/signature"`,
	} {
		f.must(ask{name: fields, call: "POST /api/v1/webhooks", body: `{"path":"a","function_name":"echo","signature":` + fields + `}`, status: 422, want: []string{want}, lacks: []string{"never store"}})
	}
	f.must(ask{call: "GET /api/v1/webhooks", status: 200, want: []string{"[]"}})

	id := f.webhook(`{"path":"a","function_name":"echo","signature":{"scheme":"hmac-sha256","secret_name":"K","header":"X-Sig"}}`)
	one := "/api/v1/webhooks/" + id
	got := f.must(ask{name: "get", call: "GET " + one, status: 200,
		want: []string{`"signature":{"scheme":"hmac-sha256","secret_name":"K","header":"X-Sig"}`, "Every caller who signs"}})
	f.all([]ask{
		{name: "a secret that is not stored", call: "POST /api/v1/h/a", token: "-", body: "{}", header: []string{"X-Sig: " + hexMAC("", "{}")}, status: 401},
		{name: "sent back", call: "PUT " + one, body: got.text, status: 200},
		{name: "another", call: "PUT " + one, body: `{"signature":{"scheme":"github","secret_name":["K","L"],"header":null}}`, status: 200, want: []string{`"signature":{"scheme":"github","secret_name":["K","L"]}`}},
		{name: "left alone", call: "PUT " + one, body: `{"description":"x"}`, status: 200, want: []string{`"scheme":"github"`}},
		{name: "with a token besides", call: "PUT " + one, body: `{"requires_auth":true}`, status: 200, want: []string{"valid token", "valid signature"}},
		{name: "no token, no signature", call: "POST /api/v1/h/a", token: "-", body: "{}", status: 404, want: []string{"token"}},
		{name: "a token, no signature", call: "POST /api/v1/h/a", body: "{}", status: 401, want: []string{"signature"}},
		{name: "none", call: "PUT " + one, body: `{"signature":null,"requires_auth":false}`, status: 200, want: []string{`"signature":null`}},
		{name: "none is needed", call: "POST /api/v1/h/a", token: "-", body: "{}", status: 200},
	})
	require.Contains(t, f.log.String(), `"secrets":"K"`, "the log names the secret that is not there")
}

func TestSlackIsAnswered(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("echo", echoCode)
	f.must(ask{call: "PUT /api/v1/secrets/SLACK", body: `{"value":"of-slack"}`, status: 204})
	f.webhook(`{"path":"slack","function_name":"echo","signature":{"scheme":"slack","secret_name":"SLACK"}}`)
	const body = `{"type":"url_verification","token":"x","challenge":"3eZbrw1a\"B"}`
	got := f.must(ask{call: "POST /api/v1/h/slack", token: "-", body: body, header: signed("slack", "of-slack", body, time.Now()), status: 200})
	require.Equal(t, `3eZbrw1a"B`, got.text)
	require.Equal(t, "text/plain; charset=utf-8", got.Header.Get("Content-Type"))
	f.must(ask{name: "not to a caller without a signature", call: "POST /api/v1/h/slack", token: "-", body: body, status: 401})
	f.must(ask{name: "nothing has run", call: "GET /api/v1/executions", status: 200, want: []string{"[]"}})
}
