package signature

import (
	"encoding/json"
	"strings"
)

// deliveryID is the name that a verified call has with its sender. GitHub's
// stands in a header that is not signed: it tells an honest sender's repeats
// apart, and no more is asked of it.
func (c Config) deliveryID(header func(string) string, body []byte) string {
	switch c.Scheme {
	case GitHub:
		return header(githubDelivery)
	case StandardWebhooks:
		return header(standardID)
	case Stripe:
		if id := textMembers(body)("id"); strings.HasPrefix(id, "evt_") {
			return id
		}
	case Slack:
		// Events are repeated after three seconds without an answer; slash
		// commands and interactions are forms and are sent once.
		if member := textMembers(body); member("type") == "event_callback" {
			return member("event_id")
		}
	}
	return ""
}

// SlackChallenge recognises the call by which Slack makes sure that an address
// is its owner's. The answer is 200 with the challenge as its text, and no
// function runs. The call is signed like any other: verify it first.
func SlackChallenge(body []byte) (challenge string, ok bool) {
	member := textMembers(body)
	if member("type") != "url_verification" {
		return "", false
	}
	challenge = member("challenge")
	return challenge, challenge != ""
}

// textMembers reads an object's members that are text, by their exact names
// (a struct would take them in any case). What is no object has none.
func textMembers(body []byte) func(name string) string {
	var members map[string]json.RawMessage
	_ = json.Unmarshal(body, &members) // then there are none
	return func(name string) string {
		var text string
		_ = json.Unmarshal(members[name], &text)
		return text
	}
}
