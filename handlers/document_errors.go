package handlers

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"maestro/handlers/header"
	"maestro/internal/model"
)

// operationFailures are the codes of an operation in addition to those of its
// kind (commonFailures).
var operationFailures = map[string][]model.Code{
	"create-function":        slices.Concat([]model.Code{model.CodeNameTaken, model.CodeTooManyRequests}, saving, installing),
	"check-function":         append([]model.Code{}, saving...),
	"apply-source":           slices.Concat([]model.Code{model.CodeVersionMismatch, model.CodeNameTaken, model.CodePathTaken, model.CodeTooManyRequests}, saving, installing),
	"update-function":        slices.Concat([]model.Code{model.CodeFunctionNotFound, model.CodeVersionMismatch, model.CodeTooManyRequests}, saving, installing),
	"get-function":           {model.CodeFunctionNotFound},
	"delete-function":        {model.CodeFunctionNotFound},
	"list-functions":         {},
	"get-function-version":   {model.CodeFunctionNotFound, model.CodeVersionNotFound},
	"roll-back-function":     append([]model.Code{model.CodeFunctionNotFound, model.CodeVersionNotFound, model.CodeTooManyRequests, model.CodeSyntaxError, model.CodeNoSuchDef}, installing...),
	"release-function":       {model.CodeFunctionNotFound},
	"pause-function":         {model.CodeFunctionNotFound},
	"resume-function":        {model.CodeFunctionNotFound},
	"list-function-versions": {model.CodeFunctionNotFound},
	"create-webhook":         {model.CodePathTaken, model.CodeNotImplemented},
	"update-webhook":         {model.CodeWebhookNotFound, model.CodePathTaken, model.CodeNotImplemented},
	"get-webhook":            {model.CodeWebhookNotFound},
	"delete-webhook":         {model.CodeWebhookNotFound},
	"run-function": {
		model.CodeVersionNotFound, model.CodePackageConflict, model.CodeFunctionNotFound, model.CodeInputInvalid, model.CodeOutputInvalid, model.CodeFunctionFailed, model.CodeCancelled,
		model.CodeTooManyRequests, model.CodeTimeout, model.CodeNotImplemented, model.CodeFunctionIsModule, model.CodeFunctionInactive, model.CodeQuarantined, model.CodePaused,
	},
	"get-execution":       {model.CodeExecutionNotFound},
	"list-steps":          {model.CodeExecutionNotFound},
	"read-log":            {model.CodeExecutionNotFound},
	"watch-executions":    {model.CodeTooManyRequests},
	"follow-log":          {model.CodeExecutionNotFound, model.CodeTooManyRequests},
	"retry-execution":     {model.CodeExecutionNotFound, model.CodeExecutionNotOver, model.CodeRecordIncomplete, model.CodeFunctionNotFound, model.CodeFunctionIsModule, model.CodeFunctionInactive, model.CodeQuarantined, model.CodeInputInvalid, model.CodeNotImplemented},
	"retry-executions":    {model.CodeInvalid},
	"cancel-executions":   {model.CodeInvalid, model.CodeNotImplemented},
	"cancel-execution":    {model.CodeExecutionNotFound, model.CodeExecutionOver, model.CodeNotImplemented},
	"create-subtenant":    {model.CodeNameTaken},
	"update-subtenant":    {model.CodeSubtenantNotFound},
	"pause-subtenant":     {model.CodeSubtenantNotFound},
	"resume-subtenant":    {model.CodeSubtenantNotFound},
	"grant-access":        {model.CodeNoCensus},
	"revoke-access":       {model.CodeNoCensus},
	"put-secret":          {model.CodeNotImplemented},
	"install-package":     append([]model.Code{model.CodeTooManyRequests}, installing...),
	"remove-package":      {model.CodePackageNotFound, model.CodePackageRequired, model.CodePackagesDisabled, model.CodeTooManyRequests},
	"get-installation":    {model.CodeInstallNotFound},
	"follow-installation": {model.CodeInstallNotFound, model.CodeTooManyRequests},
	"delete-secret":       {model.CodeSecretNotFound},
	"example-document":    {model.CodeNotFound},
	"documents-asset":     {model.CodeNotFound},
	"create-schedule":     {model.CodeNameTaken},
	"update-schedule":     {model.CodeScheduleNotFound, model.CodeNameTaken},
	"get-schedule":        {model.CodeScheduleNotFound},
	"delete-schedule":     {model.CodeScheduleNotFound},
	"run-schedule":        {model.CodeScheduleNotFound, model.CodeFunctionNotFound, model.CodeFunctionIsModule, model.CodeFunctionInactive, model.CodeQuarantined, model.CodeInputInvalid, model.CodeTooManyRequests},
	"metrics":             {model.CodeUnauthorized},
	"webhooks-document":   {},
}

// saving are the codes for code or schemas that are refused.
var saving = []model.Code{
	model.CodeSyntaxError, model.CodeNoSuchDef, model.CodeSchemaInvalid, model.CodeNotImplemented,
}

// installing are the codes for packages that can't be installed.
var installing = []model.Code{
	model.CodePackagesDisabled, model.CodePackageNotAllowed, model.CodePackageConflict, model.CodePackageUnsupported, model.CodePackageInstallFailed,
}

// commonFailures are the codes that follow from the kind of operation.
func commonFailures(operation *huma.Operation) []model.Code {
	codes := []model.Code{model.CodeBadRequest, model.CodeHeadersTooLarge, model.CodeInternal}
	if operation.Security == nil { // the default of the document: a token
		codes = append(codes, model.CodeUnauthorized, model.CodeForbidden, model.CodeSubtenantNotFound, model.CodeUnavailable)
	}
	if operation.RequestBody != nil {
		codes = append(codes, model.CodeMalformedBody, model.CodeBodyTooLarge, model.CodeUnsupportedMediaType, model.CodeInvalid)
	}
	for _, parameter := range operation.Parameters {
		if parameter.Ref == "" && operation.Security == nil {
			codes = append(codes, model.CodeInvalid)
			break
		}
	}
	for _, status := range operation.Errors {
		if status == http.StatusNotImplemented {
			codes = append(codes, model.CodeNotImplemented)
		}
	}
	return codes
}

// documentErrors describes the error responses of an operation, by status.
func (s *Server) documentErrors(operation *huma.Operation) {
	codes := append(commonFailures(operation), operationFailures[operation.OperationID]...)
	byStatus := map[int][]model.Code{}
	for _, code := range model.Codes { // in the order of the list
		if slices.Contains(codes, code) {
			status := meaningOf(code).status
			byStatus[status] = append(byStatus[status], code)
		}
	}
	for status, codes := range byStatus {
		if operation.Responses[strconv.Itoa(status)] == nil || status == http.StatusNotImplemented {
			operation.Responses[strconv.Itoa(status)] = s.problemResponse(status, codes)
		}
	}
}

// problemResponse is a reference to the response for these codes.
func (s *Server) problemResponse(status int, codes []model.Code) *huma.Response {
	components := s.api.OpenAPI().Components
	var name []string
	response := &huma.Response{
		Headers: map[string]*huma.Header{header.RequestID: {Ref: headerReference + header.RequestID}},
	}
	examples := map[string]*huma.Example{}
	for _, code := range codes {
		name = append(name, string(code))
		examples[string(code)] = &huma.Example{Ref: "#/components/examples/" + string(code)}
		components.Examples[string(code)] = exampleOf(code)
		for _, header := range headersOf(code) {
			response.Headers[header] = &huma.Header{Ref: headerReference + header}
		}
	}
	key := strings.Join(name, ".")
	if components.Responses[key] == nil {
		response.Description = http.StatusText(status) + ": `" + strings.Join(name, "`, `") + "`"
		response.Content = map[string]*huma.MediaType{problemType: {Schema: schemaOf[envelope](s), Examples: examples}}
		components.Responses[key] = response
	}
	return &huma.Response{Ref: "#/components/responses/" + key}
}

const headerReference = "#/components/headers/"

// headersOf are the response headers for a code.
func headersOf(code model.Code) []string {
	switch code {
	case model.CodeFunctionFailed, model.CodeInputInvalid, model.CodeOutputInvalid, model.CodeTimeout, model.CodeCancelled:
		return []string{header.ExecutionID}
	}
	switch meaningOf(code).status {
	case http.StatusUnauthorized:
		return []string{"WWW-Authenticate"}
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return []string{"Retry-After"}
	}
	return nil
}

// exampleOf is an example of an error with the code.
func exampleOf(code model.Code) *huma.Example {
	m := meaningOf(code)
	value := map[string]any{
		"type": typeOf(code), "title": m.title, "status": m.status, "code": code,
		"detail": m.title + ".", "request_id": exampleID,
	}
	if slices.Contains(headersOf(code), header.ExecutionID) {
		value["execution_id"] = exampleID
	}
	switch code {
	case model.CodeInvalid, model.CodeInputInvalid, model.CodeOutputInvalid:
		value["detail"] = "/name: expected string, got number."
		value["errors"] = []map[string]any{{"pointer": "/name", "message": "expected string, got number"}}
	case model.CodeSyntaxError:
		value["detail"] = "The source is not valid Python: line 2: expected ':'."
		value["errors"] = []map[string]any{{"line": 2, "column": 11, "message": "expected ':'"}}
	case model.CodeFunctionFailed:
		value["detail"] = "ValueError: the invoice has no lines"
		value["error_type"] = "ValueError"
	case model.CodeInternal:
		value["detail"] = internalText
	}
	return &huma.Example{Summary: m.title, Value: value}
}
