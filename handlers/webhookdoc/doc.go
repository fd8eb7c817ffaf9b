// Package webhookdoc describes the webhooks of one subtenant as an OpenAPI
// document, for clients that its owner generates. The document of Maestro's own
// API is made by package handlers.
//
// It must not know who asks for the document, and must not change anything.
package webhookdoc
