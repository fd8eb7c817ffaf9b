package handlers_test

import "testing"

func TestSubtenantsThatAreChanged(t *testing.T) {
	t.Parallel()
	f := setup(t)
	user := f.mint("company-a", false)
	f.token = f.mint("", true)
	made := f.must(ask{call: "POST /api/v1/subtenants", body: `{"subtenant_id":"company-a","description":"the first"}`, status: 201,
		want: []string{`"retention_days":null`, `"effective_retention_days":30`, `"lane":"auto"`, `"effective_lane":"embedded"`}})
	one := "/api/v1/subtenants/company-a"
	f.all([]ask{
		{name: "sent back", call: "PUT " + one, body: withoutSchema(made.text), status: 200, want: []string{`"description":"the first"`, `"retention_days":null`}},
		{name: "a term of its own", call: "PUT " + one, body: `{"retention_days":7}`, status: 200, want: []string{`"description":"the first"`, `"retention_days":7`, `"effective_retention_days":7`}},
		{name: "shown", call: "GET " + one, status: 200, want: []string{`"retention_days":7`, `"effective_retention_days":7`}},
		{name: "listed", call: "GET /api/v1/subtenants", status: 200, want: []string{`"retention_days":7`}},
		{name: "for ever", call: "PUT " + one, body: `{"retention_days":0}`, status: 200, want: []string{`"retention_days":0`, `"effective_retention_days":0`}},
		{name: "the server's", call: "PUT " + one, body: `{"retention_days":null,"description":null}`, status: 200, want: []string{`"description":null`, `"retention_days":null`, `"effective_retention_days":30`}},
		{name: "nothing", call: "PUT " + one, body: `{}`, status: 200},
		{name: "too little", call: "PUT " + one, body: `{"retention_days":-1}`, status: 422, want: []string{`"/retention_days"`}},
		{name: "too much", call: "PUT " + one, body: `{"retention_days":36501}`, status: 422, want: []string{`"/retention_days"`}},
		{name: "half a day", call: "PUT " + one, body: `{"retention_days":0.5}`, status: 422, want: []string{`"/retention_days"`}},
		{name: "the server's member", call: "PUT " + one, body: `{"effective_retention_days":1}`, status: 422, want: []string{`"/effective_retention_days"`}},
		{name: "another id", call: "PUT " + one, body: `{"id":"company-b"}`, status: 422, want: []string{`"/id"`}},
		{name: "unknown member", call: "PUT " + one, body: `{"retention":1}`, status: 422, want: []string{`"/retention"`}},
		{name: "a null character", call: "PUT " + one, body: `{"description":"a\u0000"}`, status: 422, want: []string{`"/description"`}},
		{name: "a lane", call: "PUT " + one, body: `{"lane":"process"}`, status: 200, want: []string{`"lane":"process"`, `"effective_lane":"process"`, `"lane_reason":"an administrator chose this lane"`}},
		{name: "its lane shown", call: "GET " + one, status: 200, want: []string{`"lane":"process"`, `"effective_lane":"process"`}},
		{name: "its lane listed", call: "GET /api/v1/subtenants", status: 200, want: []string{`"effective_lane":"process"`}},
		{name: "its lane kept", call: "PUT " + one, body: `{"description":"again"}`, status: 200, want: []string{`"lane":"process"`}},
		{name: "no lane", call: "PUT " + one, body: `{"lane":"fast"}`, status: 422, want: []string{`"/lane"`}},
		{name: "the lane that the server computes", call: "PUT " + one, body: `{"effective_lane":"embedded"}`, status: 422, want: []string{`"/effective_lane"`}},
		{name: "back", call: "PUT " + one, body: `{"lane":"auto"}`, status: 200, want: []string{`"effective_lane":"embedded"`, `"lane_reason":"no installed package needs the process lane"`}},
		{name: "a user's lane", call: "PUT " + one, token: user, body: `{"lane":"embedded"}`, status: 403},
		{name: "no such", call: "PUT /api/v1/subtenants/absent", body: `{}`, status: 404, want: []string{"subtenant_not_found"}},
		{name: "a user", call: "PUT " + one, token: user, body: `{"retention_days":1}`, status: 403},
		{name: "no token", call: "PUT " + one, token: "-", body: `{}`, status: 401},
	})
}
