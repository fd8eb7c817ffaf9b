package handlers

import (
	"encoding/json"

	"maestro/internal/alerts"
	"maestro/internal/model"
)

// notifyDoc describes the member notify of functions and subtenants.
const notifyDoc = `Where messages go about failures, recoveries and missed schedules: {"url", "secret_name"?} for an address, which gets them in the form of Standard Webhooks, or {"function"} for a function of the subtenant, which is called with them. events lists which (failure, recovery, missed; all when left out), grace_seconds is how long after a due time of a schedule its run may begin (60 to 86400, default 300). "off" sends none`

// applyNotify sets a setting when the member is present, with its defaults, and
// returns its faults.
func applyNotify(member Optional[json.RawMessage], to *json.RawMessage) []model.Problem {
	if !member.Set {
		return nil
	}
	setting, problems := alerts.Parse(member.Value)
	switch {
	case len(problems) > 0:
		return problems
	case setting == nil:
		*to = nil
		return nil
	}
	*to, _ = json.Marshal(setting) // texts and numbers can always be encoded
	return nil
}

// checkTarget returns what only this server can know to be wrong with the target of a
// setting. function is the one whose setting it is; empty: a subtenant's.
func (s *Server) checkTarget(raw json.RawMessage, function string) error {
	setting, problems := alerts.Parse(raw)
	if len(problems) == 0 {
		problems = s.opts.Alerts.Check(setting)
	}
	if setting != nil && function != "" && setting.Function == function {
		problems = append(problems, model.Problem{Pointer: "/notify/function", Message: "must be another function than the one that the messages are about"})
	}
	if len(problems) > 0 {
		return invalid(problems...)
	}
	return nil
}
