package handlers

import (
	"maestro/internal/alerts"
	"maestro/internal/signature"
)

// notifyLimits are the JSON Schema keywords of the member notify.
func notifyLimits() keywords {
	name := keywords{"type": "string", "minLength": 1, "maxLength": signature.MaxName}
	return keywords{
		"description": notifyDoc,
		"anyOf": []any{
			null, keywords{"const": "off"},
			keywords{
				"type": "object", "additionalProperties": false,
				"properties": keywords{
					"url": keywords{"type": "string", "maxLength": alerts.MaxURL, "pattern": "^https?://"},
					"secret_name": keywords{"oneOf": []any{
						name, keywords{"type": "array", "items": name, "maxItems": alerts.MaxSecretNames, "uniqueItems": true},
					}},
					"function":      keywords{"type": "string", "maxLength": 255, "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
					"events":        keywords{"type": "array", "minItems": 1, "uniqueItems": true, "items": keywords{"enum": alerts.Events}, "default": alerts.Events},
					"grace_seconds": keywords{"type": "integer", "minimum": alerts.LeastGrace, "maximum": alerts.LongestGrace, "default": alerts.DefaultGrace},
				},
				"oneOf": []any{keywords{"required": []string{"url"}}, keywords{"required": []string{"function"}}},
			},
		},
	}
}
