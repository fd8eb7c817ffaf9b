package handlers

import (
	"github.com/gofiber/fiber/v2"

	"maestro/web"
	"maestro/web/guide"
)

// routes is the whole route table: each method and path, who may call it, and
// its handler. Each GET also serves HEAD. The texts of the OpenAPI document are
// beside the handlers; route_add.go registers the routes.
func (s *Server) routes() []group {
	return []group{
		{"Functions", "Python functions and their versions.", map[string]endpoint{
			"POST /api/v1/functions":                           {user, rest(s.createFunction, createFunctionOp)},
			"GET /api/v1/functions":                            {user, rest(s.listFunctions, listFunctionsOp)},
			"GET /api/v1/functions/{name}":                     {user, rest(s.getFunction, getFunctionOp)},
			"PUT /api/v1/functions/{name}":                     {user, rest(s.updateFunction, updateFunctionOp)},
			"DELETE /api/v1/functions/{name}":                  {user, rest(s.deleteFunction, deleteFunctionOp)},
			"GET /api/v1/functions/{name}/versions":            {user, rest(s.listVersions, listVersionsOp)},
			"GET /api/v1/functions/{name}/versions/{version}":  {user, rest(s.getVersion, getVersionOp)},
			"POST /api/v1/functions/{name}/rollback/{version}": {user, rest(s.rollbackFunction, rollbackFunctionOp)},
			"POST /api/v1/check":                               {user, rest(s.checkFunction, checkFunctionOp)},
			"POST /api/v1/functions/{name}/release":            {user, rest(s.releaseFunction, releaseFunctionOp)},
			"POST /api/v1/functions/{name}/pause":              {user, rest(s.pauseFunction, pauseFunctionOp)},
			"POST /api/v1/functions/{name}/resume":             {user, rest(s.resumeFunction, resumeFunctionOp)},
			"POST /api/v1/functions/{name}/notify/test":        {user, rest(s.tryFunctionNotify, tryFunctionNotifyOp)},
		}},
		{"Session", "Signing in with a browser.", map[string]endpoint{
			"POST /api/v1/session":   {visitor, rest(s.beginSession, beginSessionOp)},
			"GET /api/v1/session":    {visitor, rest(s.showSession, showSessionOp)},
			"DELETE /api/v1/session": {visitor, rest(s.endSession, endSessionOp)},
		}},
		{"Source", "Functions, webhooks and schedules changed together, as files in a folder are.", map[string]endpoint{
			"POST /api/v1/apply":   {user, rest(s.applySource, applyOp)},
			"GET /api/v1/examples": {user, rest(s.listExamples, listExamplesOp)},
			"GET /api/v1/me":       {user, rest(s.showCaller, showCallerOp)},
		}},
		{"Webhooks", "Addresses that run functions, and the calls of them.", map[string]endpoint{
			"* /api/v1/h/{path}":                 {sender, anyMethod(s.callWebhook, callWebhookOp)},
			"POST /api/v1/webhooks":              {user, rest(s.createWebhook, createWebhookOp)},
			"GET /api/v1/webhooks":               {user, rest(s.listWebhooks, listWebhooksOp)},
			"GET /api/v1/webhooks/{id}":          {user, rest(s.getWebhook, getWebhookOp)},
			"PUT /api/v1/webhooks/{id}":          {user, rest(s.updateWebhook, updateWebhookOp)},
			"DELETE /api/v1/webhooks/{id}":       {user, rest(s.deleteWebhook, deleteWebhookOp)},
			"GET /api/v1/webhooks/{id}/refusals": {user, rest(s.listRefusals, listRefusalsOp)},
			"GET /api/v1/openapi/webhooks":       {user, raw(s.webhooksInJSON, webhooksOp("webhooks-document", fiber.MIMEApplicationJSON))},
			"GET /api/v1/openapi/webhooks.json":  {user, raw(s.webhooksInJSON, webhooksOp("webhooks-document-json", fiber.MIMEApplicationJSON))},
			"GET /api/v1/openapi/webhooks.yaml":  {user, raw(s.webhooksInYAML, webhooksOp("webhooks-document-yaml", mediaYAML))},
		}},
		{"Executions", "Runs, their steps and their logs.", map[string]endpoint{
			"POST /api/v1/executions":                     {user, rest(s.runFunction, runFunctionOp()).behind(s.runOnce)},
			"GET /api/v1/executions":                      {user, rest(s.listExecutions, listExecutionsOp)},
			"GET /api/v1/executions/stream":               {user, rest(s.watchExecutions, watchExecutionsOp())},
			"GET /api/v1/executions/{id}":                 {user, rest(s.getExecution, getExecutionOp)},
			"GET /api/v1/executions/{id}/steps":           {user, rest(s.listSteps, listStepsOp)},
			"GET /api/v1/executions/{id}/steps/{step_id}": {user, rest(s.getStep, getStepOp)},
			"GET /api/v1/executions/{id}/logs":            {user, rest(s.readLog, readLogOp)},
			"GET /api/v1/executions/{id}/logs/stream":     {user, rest(s.followLog, followLogOp())},
			"POST /api/v1/executions/{id}/cancel":         {user, rest(s.cancelExecution, cancelExecutionOp)},
			"POST /api/v1/executions/{id}/retry":          {user, rest(s.retryExecution, retryExecutionOp)},
			"POST /api/v1/executions/retry":               {user, rest(s.retryExecutions, retryExecutionsOp)},
			"POST /api/v1/executions/cancel":              {user, rest(s.cancelExecutions, cancelExecutionsOp)},
			"GET /api/v1/queue":                           {user, rest(s.getQueue, getQueueOp)},
			"GET /api/v1/queue/subtenants":                {admin, rest(s.listQueues, listQueuesOp)},
		}},
		{"Figures", "Executions and calls, counted over time.", map[string]endpoint{
			"GET /api/v1/stats":           {user, rest(s.showStats, showStatsOp)},
			"GET /api/v1/stats/functions": {user, rest(s.listFunctionStats, listFunctionStatsOp)},
			"GET /api/v1/graph":           {user, rest(s.showGraph, showGraphOp)},
		}},
		{"Secrets", "Values that functions read with `maestro.secret`; they are never shown again.", map[string]endpoint{
			"PUT /api/v1/secrets/{name}":    {user, rest(s.putSecret, putSecretOp)},
			"GET /api/v1/secrets":           {user, rest(s.listSecrets, listSecretsOp)},
			"DELETE /api/v1/secrets/{name}": {user, rest(s.deleteSecret, deleteSecretOp)},
		}},
		{"Schedules", "Runs at set times.", map[string]endpoint{
			"POST /api/v1/schedules":          {user, rest(s.createSchedule, createScheduleOp)},
			"GET /api/v1/schedules":           {user, rest(s.listSchedules, listSchedulesOp)},
			"GET /api/v1/scheduler/due":       {user, rest(s.listDueTimes, scheduleDueOp)},
			"GET /api/v1/scheduler/preview":   {user, rest(s.previewSchedule, schedulePreviewOp)},
			"GET /api/v1/schedules/{id}":      {user, rest(s.getSchedule, getScheduleOp)},
			"PUT /api/v1/schedules/{id}":      {user, rest(s.updateSchedule, updateScheduleOp)},
			"DELETE /api/v1/schedules/{id}":   {user, rest(s.deleteSchedule, deleteScheduleOp)},
			"POST /api/v1/schedules/{id}/run": {user, rest(s.runSchedule, runScheduleOp)},
			"GET /api/v1/scheduler/status":    {user, rest(s.schedulerStatus, schedulerStatusOp("scheduler-status"))},
			"GET /scheduler/status":           {user, rest(s.schedulerStatus, schedulerStatusOp("scheduler-status-at-the-root"))},
		}},
		{"Messages", "About failures of functions and missed schedules: where they go, and what became of them.", map[string]endpoint{
			"GET /api/v1/notify":            {user, rest(s.getNotify, getNotifyOp)},
			"PUT /api/v1/notify":            {user, rest(s.putNotify, putNotifyOp)},
			"POST /api/v1/notify/test":      {user, rest(s.tryNotify, tryNotifyOp)},
			"GET /api/v1/notify/deliveries": {user, rest(s.listDeliveries, listDeliveriesOp)},
		}},
		{"Packages", "Python packages for the subtenant's functions.", map[string]endpoint{
			"POST /api/v1/packages":                         {user, rest(s.installPackage, s.installPackageOp())},
			"GET /api/v1/packages":                          {user, rest(s.listPackages, listPackagesOp)},
			"DELETE /api/v1/packages/{name}":                {user, rest(s.removePackage, removePackageOp)},
			"GET /api/v1/packages/installs/{id}":            {user, rest(s.getInstall, getInstallOp)},
			"GET /api/v1/packages/installs/{id}/log/stream": {user, rest(s.followInstall, followInstallOp())},
		}},
		{"Subtenants", "The units of isolation. For administrators.", map[string]endpoint{
			"POST /api/v1/subtenants":                      {admin, rest(s.createSubtenant, createSubtenantOp)},
			"GET /api/v1/subtenants":                       {admin, rest(s.listSubtenants, listSubtenantsOp)},
			"GET /api/v1/subtenants/{id}":                  {admin, rest(s.getSubtenant, getSubtenantOp)},
			"PUT /api/v1/subtenants/{id}":                  {admin, rest(s.updateSubtenant, updateSubtenantOp)},
			"DELETE /api/v1/subtenants/{id}":               {admin, rest(s.deleteSubtenant, deleteSubtenantOp)},
			"POST /api/v1/subtenants/{id}/pause":           {admin, rest(s.pauseSubtenant, pauseSubtenantOp)},
			"POST /api/v1/subtenants/{id}/resume":          {admin, rest(s.resumeSubtenant, resumeSubtenantOp)},
			"GET /api/v1/subtenants/{id}/interpreter":      {admin, rest(s.getInterpreter, getInterpreterOp)},
			"DELETE /api/v1/subtenants/{id}/interpreter":   {admin, rest(s.freeInterpreter, freeInterpreterOp)},
			"GET /api/v1/interpreters":                     {admin, rest(s.listInterpreters, listInterpretersOp)},
			"GET /api/v1/subtenants/{id}/access":           {admin, rest(s.listAccess, listAccessOp)},
			"POST /api/v1/subtenants/{id}/grant-access":    {admin, rest(s.grantAccess, grantAccessOp)},
			"DELETE /api/v1/subtenants/{id}/revoke-access": {admin, rest(s.revokeAccess, revokeAccessOp)},
		}},
		{"Operations", "The server itself, and these documents.", map[string]endpoint{
			"GET /livez":                           {public, raw(s.live, s.liveOp())},
			"GET /readyz":                          {public, raw(s.ready, s.readyOp())},
			"GET /health":                          {public, raw(s.health, s.healthOp())},
			"GET /metrics":                         {public, raw(s.metrics(), s.metricsOp()).when(s.opts.Metrics != nil)},
			"GET /":                                {public, browsed(page(web.Home), pageOp("home", "A page with the way to the others"))},
			"GET /guide":                           {public, browsed(withoutSlash(page(guide.Home)), pageOp("guide", "The guide: how to write functions and to run a server"))},
			"GET /guide/{page}":                    {public, browsed(withoutSlash(guidePage), guidePageOp())},
			"GET /docs":                            {public, browsed(withoutSlash(page(web.Docs)), pageOp("swagger-ui", "This document, to try out (Swagger UI)"))},
			"GET /redoc":                           {public, browsed(withoutSlash(page(web.Redoc)), pageOp("redoc", "This document, to read (ReDoc)"))},
			"GET /" + web.AssetsPath + "/{asset}":  {public, raw(pageAsset, pageAssetOp())},
			"GET /" + web.ConsolePath:              {public, browsed(consolePage, consoleOp())},
			"GET /" + web.ConsolePath + "/{asset}": {public, raw(consoleAsset, consoleAssetOp())},
			"GET /openapi.json":                    {public, raw(s.openAPI(), openAPIOp())},
			"GET /examples/documents/{name}":       {public, raw(s.exampleDocument, exampleDocumentOp()).when(s.opts.Documents != nil)},
		}},
	}
}
