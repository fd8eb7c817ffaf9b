package handlers

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"reflect"
	"slices"

	"maestro/internal/model"
)

// members are those of an item that its author sets, decoded. Two items with
// the same members are the same to their author.
type members map[string]any

// membersOf decodes the JSON form of fields, which are always encodable.
func membersOf(fields any) members {
	text, err := json.Marshal(fields)
	if err != nil {
		return nil
	}
	var decoded any
	if decodeExactly(text, &decoded) != nil {
		return nil
	}
	object, _ := decoded.(map[string]any)
	return object
}

// functionMembers leaves out schemas that are derived from the code.
func functionMembers(f *model.Function) members {
	all := members{
		"kind": string(f.Kind), "description": f.Description, "code": f.Code, "requirements": orEmpty(f.Requirements), "tags": orEmpty(f.Tags),
		"timeout_seconds": f.TimeoutSeconds, "retry": viewRetry(f.Retry), "max_concurrency": f.MaxConcurrency, "notify": f.Notify, "is_active": !f.Off,
	}
	if f.Kind != model.KindModule && !f.InputDerived {
		all["input_schema"] = f.InputSchema
	}
	if f.Kind != model.KindModule && !f.OutputDerived {
		all["output_schema"] = f.OutputSchema
	}
	return membersOf(all)
}

func webhookMembers(w *model.Webhook) members {
	return membersOf(map[string]any{
		"path": w.Path, "http_method": w.Method, "function_name": w.FunctionName, "description": w.Description, "default_values": w.DefaultValues,
		"requires_auth": w.RequiresAuth, "input_mode": w.InputMode, "response_mode": w.ResponseMode, "signature": w.Signature, "is_active": w.IsActive,
	})
}

func scheduleMembers(s *model.Schedule) members {
	return membersOf(map[string]any{
		"name": s.Name, "function_name": s.FunctionName, "cron_expression": s.CronExpression, "timezone": s.Timezone, "input_data": s.Input,
		"description": s.Description, "is_active": s.IsActive, "retry": s.Retry, "overlap": s.Overlap, "catch_up": s.CatchUp, "max_instances": s.MaxInstances,
	})
}

// digest identifies the members: json.Marshal sorts them by name.
func (m members) digest() string {
	text, err := json.Marshal(m)
	if err != nil { // decoded values can be encoded
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// changes names the members in which m differs from before, sorted.
func (m members) changes(before members) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		was, there := before[name]
		if !there || !reflect.DeepEqual(m[name], was) {
			names = append(names, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, there := m[name]; !there {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
