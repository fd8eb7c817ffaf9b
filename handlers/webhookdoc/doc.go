// Package webhookdoc describes the webhooks of one subtenant as an OpenAPI
// document, from which its owner generates clients. Package handlers makes the
// document of Maestro's own API.
//
// It must not check callers, and must not modify webhooks or functions.
package webhookdoc
