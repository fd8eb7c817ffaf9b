package payload

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What senders send, after public reports of people who receive it: the name says
// who, the number where.
func TestWhatSendersSend(t *testing.T) {
	t.Parallel()
	const form, json = "application/x-www-form-urlencoded", "application/json"
	const mail = "multipart/form-data; boundary=xYzZY"
	part := func(name, content string) string {
		return "--xYzZY\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + content + "\r\n"
	}
	for _, c := range []struct{ name, contentType, body, want string }{
		{"GitHub's default (octokit/webhooks.js#158)", form, `payload=%7B%22action%22%3A%22opened%22%2C%22n%22%3A%22100%25%22%7D`, `{"payload":"{\"action\":\"opened\",\"n\":\"100%\"}"}`},
		{"Slack's commands", form, "token=x&text=a%2Bb+%26+c&trigger_id=1.2", `{"token":"x","text":"a+b & c","trigger_id":"1.2"}`},
		{"Twilio (rudderlabs/rudder-server#1463)", form + "; charset=utf-8", "Body=you're+so+smart&From=%2B15551234567&NumMedia=0", `{"Body":"you're so smart","From":"+15551234567","NumMedia":"0"}`},
		{"PayPal, Windows' charset", form, "charset=windows-1252&first_name=J%FCrgen&mc_gross=19.95", `{"charset":"windows-1252","first_name":"Jürgen","mc_gross":"19.95"}`},
		{"PayPal, a Cyrillic shop", form, "first_name=%CF%E5%F2%F0&charset=windows-1251", `{"first_name":"Петр","charset":"windows-1251"}`},
		{"PayPal, JavaScript's escapes (paypal/ipn-code-samples#108)", form, "address_name=John%20Smith%u010D&x=%25", `{"address_name":"John Smith%u010D","x":"%"}`},
		{"Alipay (expressjs/body-parser#205)", form + "; charset=GBK", "subject=%D6%D0%CE%C4&charset=GBK", `{"subject":"中文","charset":"GBK"}`},
		{"Alipay, not in the header", form, "subject=%D6%D0%CE%C4&charset=gbk", `{"subject":"中文","charset":"gbk"}`},
		{"AWS SNS", "text/plain; charset=UTF-8", `{"Type":"SubscriptionConfirmation","Token":"x"}`, `{"Type":"SubscriptionConfirmation","Token":"x"}`},
		{"AWS SNS, raw delivery of text", "text/plain; charset=UTF-8", "hello", `{"raw":"hello"}`},
		{"Azure Event Grid (n8n-io/n8n#20748)", "application/cloudevents+json; charset=utf-8", `{"id":"1"}`, `{"id":"1"}`},
		{"FreeScout (n8n-io/n8n#3679)", "application/hal+json", `{"id":1}`, `{"id":1}`},
		{"no type (n8n-io/n8n#7700)", "", `{"test":"ok"}`, `{"test":"ok"}`},
		{"SharePoint's mark (SharePoint/sp-dev-docs#1123)", json, "\xef\xbb\xbf{\"value\":[]}", `{"value":[]}`},
		{"PowerShell's two marks (stablyai/orca#21437)", json, "\xef\xbb\xbf\xef\xbb\xbf{\"a\":1}", `{"a":1}`},
		{"a mark before a form (n8n-io/n8n#35933)", form, "\xef\xbb\xbfa=1", `{"a":"1"}`},
		{"a mark and nothing else", json, "\xef\xbb\xbf", `{}`},
		{"TeamCity (tcplugins/tcWebHooks#92)", "application/json; charset=ISO-8859-1", "{\"user\":\"J\xfcrgen\"}", `{"user":"Jürgen"}`},
		{"curl -d (n8n-io/n8n#18281)", form, `{"a": "x=1&y=2"}`, `{"a": "x=1&y=2"}`},
		{"Shopify", json, `{"note":"it\u2019s 50% off"}`, `{"note":"it\u2019s 50% off"}`},
		{"Telegram", json, `{"update_id":10000,"message":{"text":"/start \ud83d\ude00"}}`, `{"update_id":10000,"message":{"text":"/start \ud83d\ude00"}}`},
		{"browsers' reports", "application/csp-report", `{"csp-report":{}}`, `{"csp-report":{}}`},
		{"browsers' reports, the newer ones", "application/reports+json", `[{"type":"csp"}]`, `[{"type":"csp"}]`},
		{"beacons", "text/plain;charset=UTF-8", `[{"e":1}]`, `[{"e":1}]`},
		{"jQuery", form + "; charset=UTF-8", "ids%5B%5D=1&ids%5B%5D=2", `{"ids[]":["1","2"]}`},
		{"SOAP", "text/xml; charset=utf-8", "<a>ü</a>", `{"raw":"<a>ü</a>"}`},
		{"SOAP in UTF-16", "text/xml; charset=\"utf-16\"", wideText("<a>ü</a>", 2, false, true), `{"raw":"<a>ü</a>"}`},
		{"SendGrid (sendgrid/docs#3717)", mail, part("charsets", `{"subject":"UTF-8","text":"koi8-r"}`) + part("subject", "ü") + part("text", "\xf0\xd2\xc9\xd7\xc5\xd4") + "--xYzZY--",
			`{"charsets":"{\"subject\":\"UTF-8\",\"text\":\"koi8-r\"}","subject":"ü","text":"Привет"}`},
		{"SendGrid, its text in Latin 1", mail, part("text", "caf\xe9") + part("charsets", `{"text":"iso-8859-1"}`) + "--xYzZY--", `{"text":"café","charsets":"{\"text\":\"iso-8859-1\"}"}`},
		{"Jotform (zulip/zulip#32460)", mail, part("rawRequest", `{"q3_name":{"first":"A"}}`) + part("pretty", "Name:A, Rate:100%") + "--xYzZY--\r\n", `{"rawRequest":"{\"q3_name\":{\"first\":\"A\"}}","pretty":"Name:A, Rate:100%"}`},
		{"Plex (adnanh/webhook#311)", mail, "--xYzZY\r\nContent-Disposition: form-data; name=\"payload\"\r\nContent-Type: application/json\r\n\r\n{\"event\":\"media.play\"}\r\n--xYzZY\r\nContent-Disposition: form-data; name=\"thumb\"; filename=\"thumb.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\r\n--xYzZY--\r\n",
			`{"payload":"{\"event\":\"media.play\"}","thumb":{"filename":"thumb.jpg","content_type":"image/jpeg","raw_base64":"/9g="}}`},
		{"Mailgun's attachments (anymail/django-anymail#272)", mail, "--xYzZY\r\nContent-Disposition: form-data; name=\"attachment-1\"; filename=\"reports/\"\r\n\r\nx\r\n--xYzZY\r\nContent-Disposition: form-data; name=\"attachment-2\"; filename=\"/\"\r\n\r\nx\r\n--xYzZY--",
			`{"attachment-1":{"filename":"reports","content_type":"","raw_base64":"eA=="},"attachment-2":{"filename":"/","content_type":"","raw_base64":"eA=="}}`},
		{"a header written by hand (Jericho/StrongGrid#202)", "multipart/form-data", part("to", "a@example.com") + "--xYzZY--\r\n", `{"to":"a@example.com"}`},
		{"Outlook's forwarder", "multipart/form-data; boundary=\"_004_SG2PR0101=?\"", "--_004_SG2PR0101=?\nContent-Disposition: attachment; name=a; filename=\"2134.k.png\"; size=44610;\n\tcreation-date=\"Wed, 16 Aug 2017 06:41:05 GMT\"\nContent-Type: image/png; name=\"2134.k.png\"\nContent-Transfer-Encoding: base64\n\niVBO\nRw==\n--_004_SG2PR0101=?--",
			`{"a":{"filename":"2134.k.png","content_type":"image/png; name=\"2134.k.png\"","raw_base64":"iVBORw=="}}`},
	} {
		got, err := read(c.contentType, c.body, nil)
		require.NoError(t, err, c.name)
		require.Equal(t, c.want, got, c.name)
	}
	_, err := read("multipart/form-data", strings.Repeat("-", 200)+"\n", nil)
	require.ErrorContains(t, err, "boundary")
}
