package handlers

import (
	"net/http"
	"strings"
	"time"

	"maestro/internal/model"
)

// meaning is the HTTP status and title of a code. The title describes the code
// in general, the detail of an error the one case.
type meaning struct {
	status     int
	title      string
	retryAfter time.Duration // Retry-After unless the error has its own; 0: none
}

// meanings is the one table from codes to statuses. A test compares it with
// model.Codes.
var meanings = map[model.Code]meaning{
	model.CodeBadRequest:           {status: http.StatusBadRequest, title: "Bad request"},
	model.CodeMalformedBody:        {status: http.StatusBadRequest, title: "Malformed body"},
	model.CodeUnauthorized:         {status: http.StatusUnauthorized, title: "Not authenticated"},
	model.CodeForbidden:            {status: http.StatusForbidden, title: "Not allowed"},
	model.CodeNotFound:             {status: http.StatusNotFound, title: "Not found"},
	model.CodeFunctionNotFound:     {status: http.StatusNotFound, title: "Function not found"},
	model.CodeVersionNotFound:      {status: http.StatusNotFound, title: "Version not found"},
	model.CodeWebhookNotFound:      {status: http.StatusNotFound, title: "Webhook not found"},
	model.CodeExecutionNotFound:    {status: http.StatusNotFound, title: "Execution not found"},
	model.CodeSubtenantNotFound:    {status: http.StatusNotFound, title: "Subtenant not found"},
	model.CodeSecretNotFound:       {status: http.StatusNotFound, title: "Secret not found"},
	model.CodeScheduleNotFound:     {status: http.StatusNotFound, title: "Schedule not found"},
	model.CodeMethodNotAllowed:     {status: http.StatusMethodNotAllowed, title: "Method not allowed"},
	model.CodeNameTaken:            {status: http.StatusConflict, title: "Name taken"},
	model.CodePathTaken:            {status: http.StatusConflict, title: "Path taken"},
	model.CodeFunctionIsModule:     {status: http.StatusConflict, title: "Not a function but a module"},
	model.CodeFunctionInactive:     {status: http.StatusConflict, title: "Function switched off"},
	model.CodeExecutionOver:        {status: http.StatusConflict, title: "Execution over"},
	model.CodeExecutionNotOver:     {status: http.StatusConflict, title: "Execution not over"},
	model.CodeRecordIncomplete:     {status: http.StatusConflict, title: "Record incomplete"},
	model.CodeNoCensus:             {status: http.StatusConflict, title: "No Census"},
	model.CodeKeyInUse:             {status: http.StatusConflict, title: "Idempotency key in use", retryAfter: 2 * time.Second},
	model.CodeVersionMismatch:      {status: http.StatusPreconditionFailed, title: "Version differs"},
	model.CodeRequestTimeout:       {status: http.StatusRequestTimeout, title: "Request too slow"},
	model.CodeBodyTooLarge:         {status: http.StatusRequestEntityTooLarge, title: "Body too large"},
	model.CodeUnsupportedMediaType: {status: http.StatusUnsupportedMediaType, title: "Unsupported media type"},
	model.CodeInvalid:              {status: http.StatusUnprocessableEntity, title: "Invalid"},
	model.CodeSyntaxError:          {status: http.StatusUnprocessableEntity, title: "Syntax error"},
	model.CodeNoSuchDef:            {status: http.StatusUnprocessableEntity, title: "Function not defined"},
	model.CodeSchemaInvalid:        {status: http.StatusUnprocessableEntity, title: "Schema invalid"},
	model.CodeKeyReused:            {status: http.StatusUnprocessableEntity, title: "Idempotency key reused"},
	model.CodeInputInvalid:         {status: http.StatusUnprocessableEntity, title: "Input invalid"},
	model.CodeTooManyRequests:      {status: http.StatusTooManyRequests, title: "Too many requests", retryAfter: time.Second},
	model.CodeHeadersTooLarge:      {status: http.StatusRequestHeaderFieldsTooLarge, title: "Headers too large"},
	model.CodeOutputInvalid:        {status: http.StatusInternalServerError, title: "Output invalid"},
	model.CodeFunctionFailed:       {status: http.StatusInternalServerError, title: "Function failed"},
	model.CodeInternal:             {status: http.StatusInternalServerError, title: "Internal error"},
	model.CodeNotImplemented:       {status: http.StatusNotImplemented, title: "Not implemented"},
	model.CodeCancelled:            {status: http.StatusInternalServerError, title: "Cancelled"},
	model.CodePaused:               {status: http.StatusServiceUnavailable, title: "Paused", retryAfter: time.Minute},
	model.CodeQuarantined:          {status: http.StatusServiceUnavailable, title: "Function quarantined", retryAfter: 10 * time.Minute},
	model.CodeUnavailable:          {status: http.StatusServiceUnavailable, title: "Unavailable", retryAfter: 2 * time.Second},
	model.CodeSubtenantStuck:       {status: http.StatusServiceUnavailable, title: "Subtenant stuck", retryAfter: 30 * time.Second},
	model.CodePackageNotFound:      {status: http.StatusNotFound, title: "Package not found"},
	model.CodeInstallNotFound:      {status: http.StatusNotFound, title: "Install not found"},
	model.CodePackageRequired:      {status: http.StatusConflict, title: "Package required"},
	model.CodePackagesDisabled:     {status: http.StatusForbidden, title: "Packages can't be changed"},
	model.CodePackageNotAllowed:    {status: http.StatusForbidden, title: "Package not allowed"},
	model.CodePackageConflict:      {status: http.StatusConflict, title: "Packages conflict"},
	model.CodePackageUnsupported:   {status: http.StatusUnprocessableEntity, title: "Package unsupported"},
	model.CodePackageInstallFailed: {status: http.StatusUnprocessableEntity, title: "Install failed"},
	model.CodeTimeout:              {status: http.StatusGatewayTimeout, title: "Timed out"},
}

// meaningOf never fails: a code without a row becomes an internal error.
func meaningOf(code model.Code) meaning {
	if m, found := meanings[code]; found {
		return m
	}
	return meanings[model.CodeInternal]
}

// typeOf is the stable URI of a code: function_not_found is
// /problems/function-not-found.
func typeOf(code model.Code) string {
	return "/problems/" + strings.ReplaceAll(string(code), "_", "-")
}
