package handlers

import (
	"maestro/internal/alerts"
	"maestro/internal/signature"
)

// notifyLimits are the JSON Schema keywords of the member notify. Those of text and
// those of objects stand side by side: each applies to its own type alone.
func notifyLimits() keywords {
	name := keywords{"type": "string", "minLength": 1, "maxLength": signature.MaxName}
	return keywords{
		"type": []string{"object", "string", "null"}, "description": notifyDoc,
		"pattern":              "^off$",
		"additionalProperties": false,
		"properties": keywords{
			"url":           keywords{"type": "string", "maxLength": alerts.MaxURL, "pattern": `^https?://[^ ]+$`},
			"secret_name":   keywords{"oneOf": []any{name, keywords{"type": "array", "items": name, "minItems": 1, "maxItems": alerts.MaxSecretNames, "uniqueItems": true}}},
			"function":      keywords{"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
			"events":        keywords{"type": "array", "items": keywords{"type": "string", "enum": alerts.Events}, "minItems": 1, "uniqueItems": true, "default": alerts.Events},
			"grace_seconds": keywords{"type": "integer", "minimum": alerts.LeastGrace, "maximum": alerts.LongestGrace, "default": alerts.DefaultGrace},
		},
	}
}
