package handlers

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"maestro/handlers/webhook"
	"maestro/internal/cron"
	"maestro/internal/model"
	"maestro/internal/packages/requirement"
	"maestro/internal/schema"
	"maestro/internal/signature"
)

// keywords are the JSON Schema keywords of a member.
type keywords = map[string]any

// Huma enforces the limits in the tags of the input types, and documents them.
// Limits that our own code enforces are documented here, as extensions of the
// schemas, which Huma prints and does not evaluate. TestStatedLimits sends
// values at and beyond each limit of the document, of both kinds.

// noNUL matches text that PostgreSQL can store.
const noNUL = `^[^\x00]*$`

// documentLimits documents the limits of members that our own code enforces.
func (s *Server) documentLimits() {
	description := keywords{"pattern": noNUL}
	jsonSchema := keywords{
		"type": []string{"object", "boolean", "null"}, "additionalProperties": true, // any members: generators do not assume that
		"description": fmt.Sprintf("JSON Schema, 2020-12 unless $schema says otherwise, of at most %d bytes; patterns are RE2, and no $ref leads to another document. Derived from type hints when never sent; null accepts anything", schema.MaxSchemaBytes),
	}
	storedSchema := keywords{"type": jsonSchema["type"], "additionalProperties": true}
	anyObject := keywords{"type": []string{"object", "null"}, "additionalProperties": true}
	retry, notify := retryLimits(), notifyLimits()
	function := map[string]keywords{
		"code":            {"maxLength": maxCodeBytes, "description": "Python source that defines the function, at most 1 MiB of UTF-8"},
		"description":     description,
		"input_schema":    jsonSchema,
		"output_schema":   jsonSchema,
		"requirements":    {"maxItems": maxRequirements},
		"requirements/*":  {"minLength": 1, "maxLength": requirement.MaxText, "pattern": requirement.TextPattern},
		"tags/*":          {"minLength": 1, "maxLength": maxTag, "pattern": noNUL},
		"timeout_seconds": {"exclusiveMinimum": 0, "maximum": s.opts.FunctionTimeout.Seconds()},
		"max_concurrency": {"minimum": 1, "maximum": mostAtOnce},
		"retry":           retry,
		"notify":          notify,
	}
	webhook := map[string]keywords{
		"path":                    {"minLength": 1, "pattern": webhook.PathPattern},
		"description":             description,
		"default_values":          anyObject,
		"signature":               signatureLimits(),
		"signature/header":        {"pattern": signature.HeaderPattern, "not": keywords{"pattern": "^(?:" + inAnyCase(strings.Join(signature.UnusableHeaders, "|")) + ")$"}},
		"signature/secret_name/0": {"minLength": 1, "maxLength": signature.MaxName},
		"signature/secret_name/1": {"minItems": 1, "maxItems": signature.MaxSecretNames, "uniqueItems": true},
	}
	schedule := map[string]keywords{
		"name":            {"pattern": noNUL},
		"description":     description,
		"cron_expression": {"pattern": `^[ \t]*(?:` + inAnyCase(strings.Join(cron.Macros(), "|")) + `|[^ \t]+(?:[ \t]+[^ \t]+){4})[ \t]*$`},
		"timezone":        {"minLength": 1, "pattern": cron.ZonePattern()},
		"retry":           retry,
	}
	for name, members := range map[string]map[string]keywords{
		"FunctionCreate": function, "FunctionCheck": function, "FunctionUpdate": function, "WebhookCreate": webhook, "WebhookUpdate": webhook,
		"ScheduleCreate": schedule, "ScheduleUpdate": schedule,
		"ApplyFunction": function, "ApplyWebhook": webhook, "ApplySchedule": schedule,
		"SubtenantCreate": {"description": description},
		"SecretPut":       {"value": {"pattern": "^[^\uFFFD]*$"}},
		"Function":        {"input_schema": storedSchema, "output_schema": storedSchema, "retry": retry, "notify": notify},
		"SubtenantUpdate": {"notify": notify},
		"Subtenant":       {"notify": notify},
		"Schedule":        {"retry": retry},
		"Version":         {"input_schema": storedSchema, "output_schema": storedSchema},
		"Webhook":         {"default_values": anyObject, "signature": anyObject},
		"PackageInstall":  {"package_name": {"pattern": requirement.NamePattern}, "version": {"pattern": inAnyCase(requirement.VersionPattern())}},
	} {
		for path, words := range members {
			s.state(name, path, words)
		}
	}
	s.state("FunctionCreate", "name", keywords{"not": keywords{"anyOf": []any{
		keywords{"enum": slices.Sorted(maps.Keys(reservedNames))}, keywords{"pattern": "^__.+__$"},
	}}})
	s.state("FunctionCreate", "", moduleLimits())
	s.documentDefaults()
}

// documentDefaults documents the default values of members of creating bodies.
func (s *Server) documentDefaults() {
	for name, members := range map[string]keywords{
		"FunctionCreate": {"kind": string(model.KindFunction), "requirements": []string{}, "tags": []string{}},
		"WebhookCreate":  {"http_method": "POST", "requires_auth": s.opts.WebhooksRequireAuth, "input_mode": string(model.InputAuto), "response_mode": string(model.ResponseEnvelope), "is_active": true},
		"ScheduleCreate": {"timezone": "UTC", "input_data": keywords{}, "is_active": true, "overlap": "allow", "catch_up": "none", "max_instances": defaultInstances},
		// Priority has no default: generated clients send defaults, and sync rejects it.
		"ExecutionCreate": {"input_data": keywords{}, "mode": "sync"},
	} {
		for member, value := range members {
			s.state(name, member, keywords{"default": value})
		}
	}
}

// state adds keywords to a member of a component. The parts of path are names
// of members, * for the items of an array, and numbers for the schemas of a
// oneOf.
func (s *Server) state(component, path string, words keywords) {
	at := s.api.OpenAPI().Components.Schemas.Map()[component]
	for part := range strings.SplitSeq(path, "/") {
		switch {
		case at == nil, part == "":
		case part == "*":
			at = at.Items
		case len(at.OneOf) > 0:
			at = at.OneOf[int(part[0]-'0')]
		default:
			at = at.Properties[part]
		}
	}
	if at == nil {
		panic("the document has no " + component + " " + path) // an input type was changed without this table
	}
	if text, ok := words["description"].(string); ok {
		at.Description = text
	}
	if at.Extensions == nil {
		at.Extensions = keywords{}
	}
	for word, value := range words {
		if word != "description" {
			at.Extensions[word] = value
		}
	}
}

func retryLimits() keywords {
	standard := model.DefaultRetryPolicy()
	seconds := func(value float64) keywords {
		return keywords{"type": "number", "minimum": 0, "maximum": model.MaxBackoffSeconds, "default": value}
	}
	return keywords{
		"type": []string{"object", "null"}, "additionalProperties": false,
		"properties": keywords{
			"max_attempts":        keywords{"type": "integer", "minimum": 1, "maximum": model.MaxAttempts, "default": standard.MaxAttempts},
			"backoff_seconds":     seconds(standard.BackoffSeconds),
			"max_backoff_seconds": seconds(standard.MaxBackoffSeconds),
			"on":                  keywords{"type": "array", "items": keywords{"type": "string", "minLength": 1}},
		},
	}
}

// null is a schema for null. It has no type, because ReDoc merges it with the
// types of the member, and reports an error where they differ.
var null = keywords{"const": nil}

// signatureLimits requires the header for one scheme and forbids it for others.
func signatureLimits() keywords {
	return keywords{
		"if":   keywords{"properties": keywords{"scheme": keywords{"const": string(signature.HMACSHA256)}}},
		"then": keywords{"required": []string{"header"}, "properties": keywords{"header": keywords{"not": null}}},
		"else": keywords{"properties": keywords{"header": null}},
	}
}

// moduleLimits forbids the members of runs for a module.
func moduleLimits() keywords {
	left := keywords{}
	for _, member := range []string{"input_schema", "output_schema", "timeout_seconds", "retry", "max_concurrency", "notify"} {
		left[member] = null
	}
	return keywords{
		"if":   keywords{"properties": keywords{"kind": keywords{"const": string(model.KindModule)}}, "required": []string{"kind"}},
		"then": keywords{"properties": left},
	}
}

// nullIsListed adds null to the enum of a nullable member, which would refuse
// null otherwise although the type allows it.
func nullIsListed(schemas map[string]*huma.Schema) {
	for _, one := range schemas {
		if one.Nullable && len(one.Enum) > 0 && !slices.Contains(one.Enum, nil) {
			one.Enum = append(slices.Clone(one.Enum), nil)
		}
		nullIsListed(one.Properties)
	}
}

var (
	classes = regexp.MustCompile(`\[[^\]]*\]|\\.|[A-Za-z]`)
	spans   = strings.NewReplacer("a-z", "A-Za-z")
)

// inAnyCase rewrites a regular expression so that it ignores case: JSON Schema
// has no flags.
func inAnyCase(pattern string) string {
	return classes.ReplaceAllStringFunc(pattern, func(part string) string {
		switch part[0] {
		case '[':
			return spans.Replace(part)
		case '\\':
			return part
		default:
			return "[" + strings.ToUpper(part) + strings.ToLower(part) + "]"
		}
	})
}
