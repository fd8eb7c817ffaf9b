package handlers_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/handlers"
	"maestro/internal/model"
)

// applied is the answer to an apply.
type applied struct {
	Subtenant string `json:"subtenant_id"`
	DryRun    bool   `json:"dry_run"`
	Functions []struct {
		Name, Action, Digest string
		Changes              []string
		Version              int
		Warnings             []struct{ Message string }
		CalledBy             []string `json:"called_by"`
	}
	Webhooks []struct {
		Path, Action, URL, Digest string
		Method                    string `json:"http_method"`
		Changes                   []string
	}
	Schedules []struct {
		Name, Action, Digest string
		NextRun              *string `json:"next_run"`
		Changes              []string
	}
}

// apply sends a body that is to be accepted.
func (f *fixture) apply(body string) (a applied) {
	f.t.Helper()
	got := f.must(ask{call: "POST /api/v1/apply", body: body, status: 200})
	require.NoError(f.t, json.Unmarshal([]byte(got.text), &a))
	return a
}

// item is a function of a body.
func item(name, code string, extra ...string) string {
	quoted, _ := json.Marshal(code)
	return "{" + strings.Join(append([]string{`"name":"` + name + `","code":` + string(quoted)}, extra...), ",") + "}"
}

const addCode = "def add(input: dict) -> int:\n    return double(input['n']) + 1\n"

const bindings = `"webhooks":[{"path":"add","function_name":"add","response_mode":"raw","input_mode":"body"}],
	"schedules":[{"name":"nightly","function_name":"add","cron_expression":"0 3 * * *","input_data":{"n":1}}]`

func TestApplyOfAFolder(t *testing.T) {
	t.Parallel()
	f := setup(t)
	body := fmt.Sprintf(`{"functions":[%s,%s],%s}`, item("add", addCode, `"tags":["sums"]`), item("double", "def double(input):\n    return input * 2\n"), bindings)

	plan := f.apply(`{"dry_run":true,` + body[1:])
	require.True(t, plan.DryRun)
	require.Equal(t, "default", plan.Subtenant)
	require.Equal(t, "create", plan.Functions[0].Action)
	require.Empty(t, plan.Functions[0].Warnings, "double is there too, then")
	f.must(ask{call: "GET /api/v1/functions", status: 200, want: []string{"[]"}})
	f.must(ask{call: "GET /api/v1/webhooks", status: 200, want: []string{"[]"}})
	f.must(ask{call: "GET /api/v1/schedules", status: 200, want: []string{"[]"}})

	first := f.apply(body)
	require.False(t, first.DryRun)
	require.Equal(t, []string{"add", "double"}, []string{first.Functions[0].Name, first.Functions[1].Name})
	require.Equal(t, plan.Functions[0].Digest, first.Functions[0].Digest)
	require.Equal(t, 1, first.Functions[0].Version)
	require.Empty(t, first.Functions[0].Warnings)
	require.NotNil(t, first.Schedules[0].NextRun)
	require.Equal(t, f.url+"/api/v1/h/add", first.Webhooks[0].URL)
	f.must(ask{call: "POST /api/v1/h/add", token: "-", body: `{"n":4}`, status: 200, want: []string{"9"}})
	f.must(ask{call: "GET /api/v1/functions/double", status: 200, want: []string{`"called_by":["add"]`, `"digest":"` + first.Functions[1].Digest}})

	again := f.apply(body)
	for _, action := range []string{again.Functions[0].Action, again.Functions[1].Action, again.Webhooks[0].Action, again.Schedules[0].Action} {
		require.Equal(t, "unchanged", action)
	}
	require.Equal(t, 1, again.Functions[0].Version)

	changed := f.apply(fmt.Sprintf(`{"functions":[%s],"webhooks":[{"path":"add","function_name":"add","input_mode":"body"}],
		"delete":{"functions":[{"name":"double"}],"schedules":[{"name":"nightly"},{"name":"never was"}]}}`, item("add", addCode+"\n# more\n")))
	require.Equal(t, []string{"code", "tags"}, changed.Functions[0].Changes)
	require.Equal(t, 2, changed.Functions[0].Version)
	require.Equal(t, []string{"response_mode"}, changed.Webhooks[0].Changes)
	require.Equal(t, "delete", changed.Functions[1].Action)
	require.Contains(t, changed.Functions[0].Warnings[0].Message, "double")
	require.Equal(t, "delete", changed.Schedules[0].Action)
	require.Equal(t, "unchanged", changed.Schedules[1].Action)
	f.must(ask{call: "GET /api/v1/functions/double", status: 404})

	back := f.apply(fmt.Sprintf(`{"functions":[%s]}`, item("double", "def double(input):\n    return input * 3\n")))
	require.Equal(t, "create", back.Functions[0].Action)
	require.Equal(t, 2, back.Functions[0].Version, "its history goes on")
}

func TestApplyListsAllFaultsAndChangesNothing(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("kept", "def kept(input):\n    return 1\n")
	got := f.must(ask{
		call: "POST /api/v1/apply", status: 422,
		body: fmt.Sprintf(`{"functions":[%s,%s,%s,%s],
			"webhooks":[{"path":"a b","function_name":"kept"}],
			"schedules":[{"name":"s","function_name":"kept","cron_expression":"never"}]}`,
			item("kept", "def kept(input):\n    return 2\n"), item("broken", "def broken(input):\n    return (\n"),
			item("other", "def another(input):\n    return 1\n"), item("print", "def print(input):\n    return 1\n")),
		want: []string{`"pointer":"/functions/1/code","line":2`, `"pointer":"/functions/2`, `"/functions/3/name"`, `"/webhooks/0/path"`, `"/schedules/0/cron_expression"`, "5 items have faults", "Nothing was changed"},
	})
	require.NotContains(t, got.text, "/functions/0")
	f.must(ask{call: "GET /api/v1/functions/kept", status: 200, want: []string{`"version":1`, "return 1"}})

	f.all([]ask{
		{
			name: "a fault that only the database knows takes the functions back too", call: "POST /api/v1/apply", status: 422,
			body: fmt.Sprintf(`{"functions":[%s],"webhooks":[{"path":"x","function_name":"nowhere"},{"path":"y","function_name":"fresh"}],"schedules":[{"name":"s","function_name":"gone","cron_expression":"@daily"}]}`, item("fresh", "def fresh(input):\n    return 1\n")),
			want: []string{`"pointer":"/webhooks/0/function_name"`, `"pointer":"/schedules/0/function_name"`},
		},
		{call: "GET /api/v1/functions/fresh", status: 404},
		{name: "twice", call: "POST /api/v1/apply", status: 422, body: fmt.Sprintf(`{"functions":[%[1]s,%[1]s]}`, item("fresh", "def fresh(input):\n    return 1\n")), want: []string{"twice"}},
		{name: "kind", call: "POST /api/v1/apply", status: 422, body: fmt.Sprintf(`{"functions":[%s]}`, item("kept", "x = 1\n", `"kind":"module"`)), want: []string{"/functions/0/kind"}},
		{name: "a target that POST refuses too", call: "POST /api/v1/apply", status: 422, body: fmt.Sprintf(`{"functions":[%s]}`, item("kept", "def kept(input):\n    return 1\n", `"notify":{"function":"kept"}`)), want: []string{"/functions/0/notify"}},
		{name: "an unknown member", call: "POST /api/v1/apply", status: 422, body: `{"function":[]}`},
		{name: "the server's member", call: "POST /api/v1/apply", status: 422, body: fmt.Sprintf(`{"functions":[%s]}`, item("kept", "def kept(input):\n    return 1\n", `"version":9`)), want: []string{"/functions/0/version"}},
		{name: "no token", call: "POST /api/v1/apply", token: "-", status: 401, body: `{}`},
	})
}

// TestPredefinedNames: a function named json would take the place of the module in every
// function that uses it without an import. One that is stored already can be changed.
func TestPredefinedNames(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, name := range []string{"json", "uuid", "datetime"} {
		body := fmt.Sprintf(`{"functions":[{"name":%q,"code":"def %s(input):\n    return 1"}]}`, name, name)
		f.must(ask{call: "POST /api/v1/apply", body: body, status: 422, want: []string{`"/functions/0/name"`, "predefined"}})
		f.function("old_"+name, "def old_"+name+"(input):\n    return 1")
		_, err := f.db.Pool().Exec(t.Context(), "UPDATE functions SET name = $1 WHERE name = $2", name, "old_"+name)
		require.NoError(t, err)
		f.must(ask{call: "POST /api/v1/apply", body: body, status: 200, want: []string{`"action":"update"`}})
		f.must(ask{call: "PUT /api/v1/functions/" + name, body: fmt.Sprintf(`{"code":"def %s(input):\n    return 2"}`, name), status: 200})
	}
}

func TestApplyTakesAnAnswerBack(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.apply(fmt.Sprintf(`{"functions":[%s],%s}`, item("add", addCode, `"retry":{"max_attempts":4}`, `"requirements":[]`), bindings))
	lists := map[string]string{}
	for _, kind := range []string{"functions", "webhooks", "schedules"} {
		lists[kind] = f.must(ask{call: "GET /api/v1/" + kind, status: 200}).text
	}
	same := f.apply(fmt.Sprintf(`{"functions":%s,"webhooks":%s,"schedules":%s}`, lists["functions"], lists["webhooks"], lists["schedules"]))
	require.Equal(t, "unchanged", same.Functions[0].Action, same.Functions[0].Changes)
	require.Equal(t, "unchanged", same.Webhooks[0].Action)
	require.Equal(t, "unchanged", same.Schedules[0].Action)
	f.must(ask{call: "GET /api/v1/functions/add", status: 200, want: []string{`"derived_schemas":["input_schema","output_schema"]`}})
}

func TestApplyFromAnOldBase(t *testing.T) {
	t.Parallel()
	f := setup(t)
	base := f.apply(fmt.Sprintf(`{"functions":[%s],%s}`, item("add", addCode), bindings))
	f.must(ask{call: "PUT /api/v1/functions/add", body: `{"description":"by another author"}`, status: 200})
	with := func(code, base string) string {
		return fmt.Sprintf(`{"functions":[%s]}`, item("add", code, `"base":`+base))
	}
	old := `"` + base.Functions[0].Digest + `"`
	f.all([]ask{
		{name: "its attributes count too", call: "POST /api/v1/apply", body: with(addCode, old), status: 412, want: []string{`"pointer":"/functions/0/base"`, "was changed"}},
		{name: "created", call: "POST /api/v1/apply", body: with(addCode, "null"), status: 412, want: []string{"is there by now"}},
		{name: "another", call: "POST /api/v1/apply", body: fmt.Sprintf(`{"functions":[%s]}`, item("more", "def more(input):\n    return 1\n", `"base":`+old)), status: 412, want: []string{"was deleted"}},
		{name: "deletion", call: "POST /api/v1/apply", body: `{"delete":{"functions":[{"name":"add","base":` + old + `}]}}`, status: 412},
		{name: "webhook", call: "POST /api/v1/apply", body: `{"webhooks":[{"path":"add","function_name":"add","base":null}]}`, status: 412, want: []string{"/webhooks/0/base"}},
		{name: "schedule", call: "POST /api/v1/apply", body: `{"delete":{"schedules":[{"name":"nightly","base":"0"}]}}`, status: 412, want: []string{"/delete/schedules/0/base"}},
		{call: "GET /api/v1/functions/add", status: 200, want: []string{"by another author", `"version":1`}},
	})
	now := member(t, f.must(ask{call: "GET /api/v1/functions/add", status: 200}).text, "digest")
	f.apply(with(addCode, `"`+now+`"`))
}

func TestAppliesAtOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	var names []string
	for i := range 20 {
		names = append(names, fmt.Sprintf("f%02d", i))
	}
	folder := func(author int, base string) string {
		var items []string
		for i, name := range names { // a cycle of names
			items = append(items, item(name, fmt.Sprintf("def %s(input):\n    return input or %s(%d)\n", name, names[(i+1)%len(names)], author), base))
		}
		return `{"functions":[` + strings.Join(items, ",") + `]}`
	}
	first := f.apply(folder(0, `"base":null`))
	require.Len(t, first.Functions, 20)
	for _, made := range first.Functions {
		require.Empty(t, made.Warnings, "each calls the next one of the same set")
	}

	var wait sync.WaitGroup
	statuses := make([]int, 8)
	for author := range statuses {
		wait.Go(func() {
			body := strings.Replace(folder(author+1, `"tags":[]`), `"tags":[]`, `"tags":[],"base":"`+first.Functions[0].Digest+`"`, 1)
			statuses[author] = f.do(ask{call: "POST /api/v1/apply", body: body}).StatusCode
		})
	}
	for i := range 8 { // single changes beside them
		wait.Go(func() {
			f.do(ask{call: "PUT /api/v1/functions/" + names[5+i], body: `{"description":"aside"}`})
			f.do(ask{call: "POST /api/v1/webhooks", body: fmt.Sprintf(`{"path":"p%d","function_name":"f00"}`, i)})
		})
	}
	wait.Wait()
	won := 0
	for _, status := range statuses {
		if status == 200 {
			won++
		} else {
			require.Equal(t, 412, status)
		}
	}
	require.Equal(t, 1, won, "all of one author's functions, and none of the others'")
	authors := map[string]bool{}
	for _, name := range names {
		_, code, _ := strings.Cut(member(t, f.must(ask{call: "GET /api/v1/functions/" + name, status: 200}).text, "code"), "(input):")
		authors[code[strings.LastIndex(code, "("):]] = true
	}
	require.Len(t, authors, 1)
}

func TestApplyOfASubtenantLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	f := setup(t)
	body := fmt.Sprintf(`{"functions":[%s],%s}`, item("add", addCode), bindings)
	f.apply(body)
	other := f.mint("other", false)
	f.must(ask{
		name: "the public path is taken", call: "POST /api/v1/apply", token: other, body: body, status: 409,
		want: []string{`"code":"path_taken"`, `"pointer":"/webhooks/0"`}, lacks: []string{"default"},
	})
	f.must(ask{call: "GET /api/v1/functions", token: other, status: 200, want: []string{"[]"}})
	private := strings.Replace(body, `"response_mode":"raw"`, `"requires_auth":true`, 1)
	f.must(ask{call: "POST /api/v1/apply", token: other, body: private, status: 200, want: []string{`"subtenant_id":"other"`}})
	f.must(ask{call: "POST /api/v1/apply", token: other, body: `{"delete":{"functions":[{"name":"add"}],"webhooks":[{"path":"add"}],"schedules":[{"name":"nightly"}]}}`, status: 200})
	f.must(ask{call: "POST /api/v1/h/add", token: "-", body: `{"n":4}`, status: 500, want: []string{"function_failed"}})
	f.must(ask{call: "GET /api/v1/schedules", status: 200, want: []string{"nightly"}})
	f.must(ask{call: "GET /api/v1/me", token: other, status: 200, want: []string{`"subtenant_id":"other"`, `"email":"user@example.com"`, `"admin":false`}})
}

// An install that fails names the functions whose requirements it failed for.
func TestApplyPlacesFailedInstalls(t *testing.T) {
	t.Parallel()
	f, installs := setupPackages(t, time.Minute, func(*handlers.Options) {})
	three := fmt.Sprintf(`{"functions":[%s,%s,%s]}`, item("add", addCode),
		item("fetch", "def fetch(input):\n    return 1\n", `"requirements":["HTTPX >= 0.27", "zope.interface==1"]`), item("load", "def load(input):\n    return 1\n", `"requirements":["six"]`))
	for said, places := range map[string][]string{
		"No matching distribution found for Zope_Interface==1.": {"1 zope-interface==1"},
		"httpx (required by load) and six conflict.":            {"1 httpx>=0.27", "2 six"},
		"A dependency has no wheel.":                            {"1 httpx>=0.27", "1 zope-interface==1", "2 six"},
	} {
		installs.problem = model.NewError(model.CodePackageInstallFailed, "%s", said)
		got := f.must(ask{call: "POST /api/v1/apply", body: three, status: 422})
		var refused struct {
			Errors []struct{ Pointer, Message string }
		}
		require.NoError(t, json.Unmarshal([]byte(got.text), &refused))
		var found []string
		for _, fault := range refused.Errors {
			at, ok := strings.CutSuffix(strings.TrimPrefix(fault.Pointer, "/functions/"), "/requirements")
			require.True(t, ok, fault.Pointer)
			name, rest, _ := strings.Cut(fault.Message, " can't be installed: ")
			require.Equal(t, said, rest)
			found = append(found, at+" "+name)
		}
		require.Equal(t, places, found, said)
	}
	installs.problem = model.NewError(model.CodeUnavailable, "The index is away.")
	require.NotContains(t, f.must(ask{call: "POST /api/v1/apply", body: three, status: 503}).text, "requirements")
}

func TestApplyInstallsBeforeItStores(t *testing.T) {
	t.Parallel()
	f, installs := setupPackages(t, time.Minute, func(*handlers.Options) {})
	installs.problem = model.NewError(model.CodePackageInstallFailed, "No such package.")
	body := fmt.Sprintf(`{"functions":[%s,%s]}`, item("add", addCode), item("fetch", "def fetch(input):\n    return 1\n", `"requirements":["HTTPX >= 0.27"]`))
	f.must(ask{call: "POST /api/v1/apply", body: body, status: 422, want: []string{"No such package"}})
	f.must(ask{call: "GET /api/v1/functions", status: 200, want: []string{"[]"}})
	f.apply(`{"dry_run":true,` + body[1:])
	require.Equal(t, []string{"fetch httpx>=0.27"}, installs.wanted, "a dry run installs nothing")

	installs.problem, installs.lock = nil, model.Lock{{Name: "httpx", Version: "0.28", SHA256: "aa", Needs: []string{}}}
	f.apply(body)
	stored, err := f.db.Function(t.Context(), "default", "fetch")
	require.NoError(t, err)
	require.Equal(t, installs.lock, stored.Lock)
	require.Len(t, installs.wanted, 2)
	f.apply(body)
	require.Len(t, installs.wanted, 2, "nothing is new")
	f.must(ask{
		name: "faults are found before an install", call: "POST /api/v1/apply", status: 412,
		body: fmt.Sprintf(`{"functions":[%s]}`, item("fetch", "def fetch(input):\n    return 2\n", `"requirements":["other"]`, `"base":null`)),
	})
	require.Len(t, installs.wanted, 2)
}
