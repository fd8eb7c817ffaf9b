package signature

import (
	"encoding/json"
	"strings"
)

// deliveryID is the sender's id of a verified call. GitHub's id is in a header that
// is not signed: it only needs to identify the repeats of an honest sender.
func (c Config) deliveryID(header func(string) string, body []byte) string {
	switch c.Scheme {
	case GitHub:
		return header(githubDelivery)
	case StandardWebhooks:
		id, _, _ := standardHeaders(header)
		return id
	case Stripe:
		if id := textMembers(body)("id"); strings.HasPrefix(id, "evt_") {
			return id
		}
	case Slack:
		// Events are repeated after three seconds without a response; slash
		// commands and interactions are forms and are sent once.
		if member := textMembers(body); member("type") == "event_callback" {
			return member("event_id")
		}
	}
	return ""
}

// SlackChallenge recognises the call by which Slack verifies the owner of an
// address. The response is a 200 with the challenge as plain text, and no function
// runs. The call is signed like every other: verify it first.
func SlackChallenge(body []byte) (challenge string, ok bool) {
	member := textMembers(body)
	if member("type") != "url_verification" {
		return "", false
	}
	challenge = member("challenge")
	return challenge, challenge != ""
}

// textMembers are the text members of a JSON object, by their exact names (a struct
// would ignore their case). Any other JSON value has none.
func textMembers(body []byte) func(name string) string {
	var members map[string]json.RawMessage
	_ = json.Unmarshal(body, &members) // an error leaves no members
	return func(name string) string {
		var text string
		_ = json.Unmarshal(members[name], &text)
		return text
	}
}
