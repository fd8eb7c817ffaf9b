package signature

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// The worked examples of the senders' own documentation; Stripe publishes
// none, so its and the plain ones were made with Python's hmac.
const (
	slackBody = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V" +
		"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=" +
		"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN" +
		"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	slackMAC   = "a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
	githubMAC  = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
	stripeBody = `{"id":"evt_test_webhook","object":"event"}`
	stripeMAC  = "88a022085c6bdb887b02cb26ff76dd681234d9675c0f22844059f55552a8883a"
	plainMAC   = "d16012333192f2e4e8c7f4fcdfcaf9e86bbff0371e437f76f1461cf4e24ab726"
	plainText  = "0WASMzGS8uTox/T838r56Gu/8DceQ3928UYc9OJKtyY="
)

type call struct {
	config  Config
	headers map[string]string
	body    string
	secrets []string
	at      int64
}

func (c call) verify() (string, error) {
	header := http.Header{}
	for name, value := range c.headers {
		header.Set(name, value)
	}
	secrets := make([][]byte, len(c.secrets))
	for i, secret := range c.secrets {
		secrets[i] = []byte(secret)
	}
	return Verify(c.config, header.Get, []byte(c.body), secrets, time.Unix(c.at, 0))
}

func known(scheme Scheme) call {
	switch scheme {
	case GitHub:
		return call{Config{Scheme: GitHub}, map[string]string{githubSignature: "sha256=" + githubMAC, githubDelivery: "72d3162e-cc78-11e3"},
			"Hello, World!", []string{"It's a Secret to Everybody"}, 1}
	case Slack:
		return call{Config{Scheme: Slack}, map[string]string{slackSignature: "v0=" + slackMAC, slackTimestamp: "1531420618"},
			slackBody, []string{"8f742231b10e8888abcd99yyyzzz85a5"}, 1531420618}
	case StandardWebhooks:
		return call{Config{Scheme: StandardWebhooks}, map[string]string{standardID: "msg_p5jXN8AQM9LWM0D4loKWxJek", standardTimestamp: "1614265330",
			standardSignature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
			`{"test": 2432232314}`, []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, 1614265330}
	case Stripe:
		return call{Config{Scheme: Stripe}, map[string]string{stripeSignature: "t=1492774577,v1=" + stripeMAC + ",v0=00ff"},
			stripeBody, []string{"whsec_test_secret"}, 1492774577}
	default:
		return call{Config{Scheme: HMACSHA256, Header: "X-Sig"}, map[string]string{"X-Sig": plainMAC},
			`{"n":1}`, []string{"shared"}, 1}
	}
}

func TestKnownAnswers(t *testing.T) {
	t.Parallel()
	ids := map[Scheme]string{
		GitHub: "72d3162e-cc78-11e3", Slack: "", StandardWebhooks: "msg_p5jXN8AQM9LWM0D4loKWxJek",
		Stripe: "evt_test_webhook", HMACSHA256: "",
	}
	for _, scheme := range Schemes {
		id, err := known(scheme).verify()
		require.NoError(t, err, scheme)
		require.Equal(t, ids[scheme], id, scheme)
	}
}

func TestStandardWebhooksSecondExample(t *testing.T) {
	t.Parallel()
	c := known(StandardWebhooks)
	c.headers = map[string]string{standardID: "msg_loFOjxBNrRLzqYUf", standardTimestamp: "1731705121",
		standardSignature: "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="}
	c.body, c.secrets, c.at = `{"event_type":"ping","data":{"success":true}}`, []string{"whsec_plJ3nmyCDGBKInavdOK15jsl"}, 1731705121
	_, err := c.verify()
	require.NoError(t, err)
}

// Every change of a valid call makes its signature invalid.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, scheme := range Schemes {
		changes := map[string]func(*call){
			"another body":            func(c *call) { c.body += " " },
			"another secret":          func(c *call) { c.secrets = []string{"other"} },
			"no secret":               func(c *call) { c.secrets = nil },
			"an empty secret":         func(c *call) { c.secrets = []string{""} },
			"no header":               func(c *call) { c.headers = nil },
			"an unknown scheme":       func(c *call) { c.config.Scheme = "none" },
			"a signature that is cut": func(c *call) { cut(c, 2) },
		}
		for name, change := range changes {
			c := known(scheme)
			change(&c)
			id, err := c.verify()
			require.Equal(t, model.CodeUnauthorized, codeOf(err), "%s: %s", scheme, name)
			require.Empty(t, id)
			require.NotContains(t, err.Error(), known(scheme).secrets[0], "the secret stays out of the error")
		}
	}
}

// Every caller could sign with an empty key.
func TestEmptySecretNeverCounts(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"", "whsec_", "whsec_===", "="} {
		for _, scheme := range Schemes {
			c := known(scheme)
			sent, err := c.config.read(func(name string) string { return c.headers[name] })
			require.NoError(t, err)
			forged := sign(nil, sent.prefix, []byte(c.body))
			c.secrets = []string{secret}
			switch scheme {
			case GitHub:
				c.headers[githubSignature] = "sha256=" + hex.EncodeToString(forged)
			case Slack:
				c.headers[slackSignature] = "v0=" + hex.EncodeToString(forged)
			case Stripe:
				c.headers[stripeSignature] = "t=1492774577,v1=" + hex.EncodeToString(forged)
			case StandardWebhooks:
				c.headers[standardSignature] = "v1," + base64.StdEncoding.EncodeToString(forged)
			case HMACSHA256:
				c.headers["X-Sig"] = hex.EncodeToString(forged)
			}
			_, err = c.verify()
			require.Error(t, err, "%s with the secret %q", scheme, secret)
		}
	}
}

func TestReplayWindow(t *testing.T) {
	t.Parallel()
	for _, scheme := range []Scheme{Slack, Stripe, StandardWebhooks} {
		for seconds, good := range map[int64]bool{0: true, 300: true, -300: true, 301: false, -301: false, 1 << 33: false} {
			c := known(scheme)
			c.at += seconds
			_, err := c.verify()
			require.Equal(t, good, err == nil, "%s after %d s: %v", scheme, seconds, err)
		}
	}
	for _, stamp := range []string{"", "0", "-5", "+1531420618", " 1531420618", "1531420618.0", "0x5b47a34a", strings.Repeat("9", 30)} {
		c := known(Slack)
		c.headers[slackTimestamp] = stamp
		_, err := c.verify()
		require.Error(t, err, stamp)
	}
}

func TestSeveralSecretsAndSignatures(t *testing.T) {
	t.Parallel()
	c := known(Stripe)
	c.secrets = []string{"new", "whsec_test_secret"}
	c.headers[stripeSignature] = "t=1492774577, v1=" + strings.Repeat("00", 32) + ",v1=nonsense,v1=" + stripeMAC
	_, err := c.verify()
	require.NoError(t, err)
	c.headers[stripeSignature] = "t=1492774577,v0=" + stripeMAC
	_, err = c.verify()
	require.Error(t, err, "v0 is not v1")
	c.headers[stripeSignature] = "t=1,t=1492774577,v1=" + stripeMAC
	_, err = c.verify()
	require.Error(t, err, "two times")

	c = known(StandardWebhooks)
	c.headers = map[string]string{svixID: c.headers[standardID], svixTimestamp: c.headers[standardTimestamp], svixSignature: c.headers[standardSignature], standardID: "not signed"}
	id, err := c.verify()
	require.NoError(t, err)
	require.Equal(t, c.headers[svixID], id, "that which is signed")
	delete(c.headers, svixID)
	_, err = c.verify()
	require.Error(t, err, "the id of the other kind is not signed")

	c = known(StandardWebhooks)
	good := c.headers[standardSignature]
	c.secrets = append([]string{"whsec_bm90IGl0"}, c.secrets...)
	c.headers[standardSignature] = "v1,AAAA v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5B v1,??? " + good
	_, err = c.verify()
	require.NoError(t, err)
	c.headers[standardSignature] = strings.Replace(good, "v1,", "v1a,", 1)
	_, err = c.verify()
	require.Error(t, err)
}

func TestStandardWebhooksSecretForms(t *testing.T) {
	t.Parallel()
	c := known(StandardWebhooks)
	for secret, good := range map[string]bool{
		"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw":         true,
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n": true,
		"whsec_not base64!":                        false,
	} {
		c.secrets = []string{secret}
		_, err := c.verify()
		require.Equal(t, good, err == nil, secret)
	}
	key, err := standardKey([]byte("plain words, no base64!"))
	require.NoError(t, err)
	require.Equal(t, "plain words, no base64!", string(key))
}

func TestPlainForms(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{
		plainMAC:                                true,
		strings.ToUpper(plainMAC):               true,
		"sha256=" + plainMAC:                    true,
		"SHA256=" + plainMAC:                    true,
		plainText:                               true,
		strings.TrimRight(plainText, "="):       true,
		strings.ReplaceAll(plainText, "/", "_"): true,
		"sha256=" + plainText:                   true,
		"sha1=" + plainMAC:                      false,
		"sha256=":                               false,
		plainMAC[:32]:                           false,
		plainMAC + "00":                         false,
		"{}":                                    false,
	} {
		c := known(HMACSHA256)
		c.headers["X-Sig"] = text
		_, err := c.verify()
		require.Equal(t, good, err == nil, text)
	}
}

func TestDeliveryIDs(t *testing.T) {
	t.Parallel()
	none := func(string) string { return "" }
	for _, test := range []struct {
		scheme Scheme
		body   string
		want   string
	}{
		{Slack, `{"type":"event_callback","event_id":"Ev08MFMKH6"}`, "Ev08MFMKH6"},
		{Slack, `{"type":"url_verification","event_id":"Ev08MFMKH6"}`, ""},
		{Slack, "payload=%7B%7D", ""},
		{Stripe, `{"object":"event","id":"evt_1"}`, "evt_1"},
		{Stripe, `{"ID":"evt_1"}`, ""},
		{Stripe, `{"id":"cus_1"}`, ""},
		{Stripe, `{"id":7}`, ""},
		{Stripe, `[`, ""},
		{HMACSHA256, `{"id":"evt_1"}`, ""},
	} {
		require.Equal(t, test.want, Config{Scheme: test.scheme}.deliveryID(none, []byte(test.body)), "%s %s", test.scheme, test.body)
	}
	require.Empty(t, sane("a b"))
	require.Empty(t, sane("a\x00"))
	require.Empty(t, sane(strings.Repeat("a", 256)))
	require.Equal(t, "a-b", sane("a-b"))
}

func TestSlackChallenge(t *testing.T) {
	t.Parallel()
	challenge, ok := SlackChallenge([]byte(`{"token":"Jhj5","challenge":"3eZbrw1aB","type":"url_verification"}`))
	require.True(t, ok)
	require.Equal(t, "3eZbrw1aB", challenge)
	for _, body := range []string{``, `{}`, `[]`, `{"type":"url_verification"}`, `{"type":"url_verification","challenge":7}`,
		`{"type":"event_callback","challenge":"x"}`, `{"Type":"url_verification","challenge":"x"}`} {
		_, ok := SlackChallenge([]byte(body))
		require.False(t, ok, body)
	}
}

// cut shortens the signature of a call by n characters of its digits.
func cut(c *call, n int) {
	for _, name := range c.config.HeaderNames() {
		value := strings.TrimSuffix(c.headers[name], ",v0=00ff")
		if len(value) > n {
			c.headers[name] = value[:len(value)-n]
		}
	}
}

func codeOf(err error) model.Code {
	var e *model.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// Nothing that a stranger sends is taken for signed, and nothing panics.
func FuzzVerify(f *testing.F) {
	for i, scheme := range Schemes {
		c := known(scheme)
		var headers []string
		for _, name := range append(c.config.HeaderNames(), slackTimestamp) {
			headers = append(headers, c.headers[name])
		}
		f.Add(uint8(i), headers[0], strconv.FormatInt(c.at, 10), c.body)
	}
	f.Fuzz(func(t *testing.T, scheme uint8, text, stamp, body string) {
		c := known(Schemes[int(scheme)%len(Schemes)])
		for _, name := range c.config.HeaderNames() {
			c.headers[name] = text
		}
		if stamp != "" {
			c.headers[slackTimestamp], c.headers[standardTimestamp] = stamp, stamp
		}
		c.body, c.secrets = body, []string{"a secret that is in no corpus"}
		id, err := c.verify()
		require.Error(t, err)
		require.Empty(t, id)
	})
}
