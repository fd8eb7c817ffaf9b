package repo_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit"
	"maestro/repo"
)

func TestFunctionLife(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	by := "ann@example.com"
	made, err := db.CreateFunction(t.Context(), tenant, model.Function{
		Name: "double", Description: &by, Code: "def double(input): ...", InputSchema: json.RawMessage(`{"type": "object"}`),
		Tags: []string{"math", "demo"}, TimeoutSeconds: ptr(2.5),
	}, &by, nil)
	require.NoError(t, err)
	require.Equal(t, 1, made.Version)
	loaded, err := db.Function(t.Context(), tenant, "double")
	require.NoError(t, err)
	require.Equal(t, made, loaded, "the answer on creation equals the stored function")
	require.JSONEq(t, `{"type":"object"}`, string(loaded.InputSchema))
	require.Nil(t, loaded.OutputSchema)

	_, err = db.CreateFunction(t.Context(), tenant, model.Function{Name: "double", Code: "x"}, nil, nil)
	requireCode(t, model.CodeNameTaken, err)

	changed, err := db.UpdateFunction(t.Context(), tenant, "double", func(f *model.Function) error {
		f.Code = "def double(input): return 2"
		return nil
	}, ptr(1), &by, nil)
	require.NoError(t, err)
	require.Equal(t, 2, changed.Version)
	require.NotEqual(t, made.VersionID, changed.VersionID)
	require.Equal(t, made.CreatedAt, changed.CreatedAt)
	loaded, err = db.Function(t.Context(), tenant, "double")
	require.NoError(t, err)
	require.Equal(t, changed, loaded)

	_, err = db.UpdateFunction(t.Context(), tenant, "double", func(*model.Function) error { return nil }, ptr(1), nil, nil)
	requireCode(t, model.CodeVersionMismatch, err)

	rolledBack, err := db.RollbackFunction(t.Context(), tenant, "double", 1, nil, nil)
	require.NoError(t, err)
	require.Equal(t, 3, rolledBack.Version, "a rollback is a new version")
	require.Equal(t, made.Code, rolledBack.Code)
	_, err = db.RollbackFunction(t.Context(), tenant, "double", 9, nil, nil)
	requireCode(t, model.CodeVersionNotFound, err)

	require.NoError(t, db.DeleteFunction(t.Context(), tenant, "double"))
	_, err = db.Function(t.Context(), tenant, "double")
	requireCode(t, model.CodeFunctionNotFound, err)
	requireCode(t, model.CodeFunctionNotFound, db.DeleteFunction(t.Context(), tenant, "double"))
	_, err = db.RollbackFunction(t.Context(), tenant, "double", 1, nil, nil)
	requireCode(t, model.CodeFunctionNotFound, err)
	history, _, err := db.FunctionVersions(t.Context(), tenant, "double", repo.Page{})
	require.NoError(t, err, "the history of a deleted function stays")
	require.Len(t, history, 3)

	reborn, err := db.CreateFunction(t.Context(), tenant, model.Function{Name: "double", Code: "def double(x): ..."}, nil, nil)
	require.NoError(t, err)
	require.Equal(t, 4, reborn.Version, "a name used again continues its history")
	require.Nil(t, reborn.Description)
	require.Empty(t, reborn.Tags)
	history, _, err = db.FunctionVersions(t.Context(), tenant, "double", repo.Page{})
	require.NoError(t, err)
	require.Equal(t, []int{4, 3, 2, 1}, versions(history))
	require.Equal(t, &by, history[3].CreatedBy)
	require.Nil(t, history[0].CreatedBy)
}

func TestUpdateMakesAVersionOnlyOfVersionedFields(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	made := createFunction(t, db, tenant, "f")
	update := func(change func(*model.Function)) model.Function {
		t.Helper()
		f, err := db.UpdateFunction(t.Context(), tenant, "f", func(f *model.Function) error {
			change(f)
			return nil
		}, nil, nil, nil)
		require.NoError(t, err)
		return f
	}
	require.Equal(t, made, update(func(*model.Function) {}), "nothing changed, nothing written")
	f := update(func(f *model.Function) { f.Tags, f.Description = []string{"new"}, ptr("words") })
	require.Equal(t, 1, f.Version)
	require.True(t, f.UpdatedAt.After(made.UpdatedAt))
	f = update(func(f *model.Function) { f.OutputSchema = json.RawMessage(`{"type":"string","title":"T"}`) })
	require.Equal(t, 2, f.Version)
	f = update(func(f *model.Function) { f.OutputSchema = json.RawMessage(`{ "title": "T", "type": "string" }`) })
	require.Equal(t, 2, f.Version, "the order of members means nothing")
	f = update(func(f *model.Function) { f.OutputSchema = nil })
	require.Equal(t, 3, f.Version)
	f = update(func(f *model.Function) { f.ID, f.Version, f.Tenant, f.Name = model.NewID(), 77, "other", "g" })
	require.Equal(t, 3, f.Version, "what the server owns can't be changed")
	require.Equal(t, made.ID, f.ID)

	refusal := errors.New("no")
	_, err := db.UpdateFunction(t.Context(), tenant, "f", func(*model.Function) error { return refusal }, nil, nil, nil)
	require.ErrorIs(t, err, refusal)
	_, err = db.UpdateFunction(t.Context(), tenant, "missing", func(*model.Function) error { return nil }, nil, nil, nil)
	requireCode(t, model.CodeFunctionNotFound, err)
}

func TestFunctionVersionsOneByOne(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	createFunction(t, db, tenant, "f")
	for i := range 4 {
		_, err := db.UpdateFunction(t.Context(), tenant, "f", func(f *model.Function) error {
			f.Code = fmt.Sprint("code ", i)
			return nil
		}, nil, nil, nil)
		require.NoError(t, err)
	}
	var seen []int
	page := repo.Page{Limit: 2}
	for {
		part, next, err := db.FunctionVersions(t.Context(), tenant, "f", page)
		require.NoError(t, err)
		seen = append(seen, versions(part)...)
		if page.Cursor = next; next == "" {
			break
		}
	}
	require.Equal(t, []int{5, 4, 3, 2, 1}, seen)
	third, err := db.FunctionVersion(t.Context(), tenant, "f", 3)
	require.NoError(t, err)
	require.Equal(t, "code 1", third.Code)
	for _, n := range []int{0, -1, 6, 1 << 40} {
		_, err = db.FunctionVersion(t.Context(), tenant, "f", n)
		requireCode(t, model.CodeVersionNotFound, err)
	}
	_, err = db.FunctionVersion(t.Context(), tenant, "missing", 1)
	requireCode(t, model.CodeFunctionNotFound, err)
	_, _, err = db.FunctionVersions(t.Context(), tenant, "missing", repo.Page{})
	requireCode(t, model.CodeFunctionNotFound, err)
}

func TestListFunctions(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	for _, name := range []string{"Zoo", "alpha", "beta", "gamma_100%"} {
		createFunction(t, db, tenant, name)
	}
	_, err := db.UpdateFunction(t.Context(), tenant, "beta", func(f *model.Function) error {
		f.Tags, f.Description = []string{"a", "b", "c"}, ptr("Adds VAT")
		return nil
	}, nil, nil, nil)
	require.NoError(t, err)
	require.NoError(t, db.DeleteFunction(t.Context(), tenant, "alpha"))
	list := func(filter repo.FunctionFilter) (names []string) {
		t.Helper()
		for {
			part, next, err := db.ListFunctions(t.Context(), tenant, filter)
			require.NoError(t, err)
			for _, f := range part {
				names = append(names, f.Name)
			}
			if filter.Cursor = next; next == "" {
				return names
			}
		}
	}
	require.Equal(t, []string{"Zoo", "alpha", "beta", "gamma_100%"}, list(repo.FunctionFilter{}))
	require.Equal(t, []string{"Zoo", "beta", "gamma_100%"}, list(repo.FunctionFilter{ActiveOnly: true}))
	require.Equal(t, []string{"Zoo", "alpha", "beta", "gamma_100%"}, list(repo.FunctionFilter{Page: repo.Page{Limit: 1}}))
	require.Equal(t, []string{"beta", "gamma_100%"}, list(repo.FunctionFilter{Page: repo.Page{Offset: 2}}))
	require.Equal(t, []string{"beta"}, list(repo.FunctionFilter{Tags: []string{"c", "a"}}))
	require.Empty(t, list(repo.FunctionFilter{Tags: []string{"a", "x"}}))
	require.Equal(t, []string{"beta"}, list(repo.FunctionFilter{Query: "vat"}))
	require.Equal(t, []string{"gamma_100%"}, list(repo.FunctionFilter{Query: "0%"}), "% is an ordinary character")
	_, _, err = db.ListFunctions(t.Context(), tenant, repo.FunctionFilter{Page: repo.Page{Cursor: "???"}})
	requireCode(t, model.CodeBadRequest, err)

	names, err := db.FunctionNames(t.Context(), tenant)
	require.NoError(t, err)
	require.Len(t, names, 3)
	require.Equal(t, "Zoo", names[0].Name)
}

func TestOneNameIsMadeOnceByMany(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	var made atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			_, err := db.CreateFunction(t.Context(), tenant, model.Function{Name: "f", Code: "x"}, nil, nil)
			switch {
			case err == nil:
				made.Add(1)
			case model.CodeOf(err) != model.CodeNameTaken:
				t.Errorf("create: %v", err)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, made.Load())
}

func TestVersionsOfConcurrentUpdatesAreConsecutive(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	createFunction(t, db, tenant, "f")
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			_, err := db.UpdateFunction(t.Context(), tenant, "f", func(f *model.Function) error {
				f.Code = fmt.Sprint("code ", i)
				return nil
			}, nil, nil, nil)
			if err != nil {
				t.Errorf("update: %v", err)
			}
		})
	}
	wg.Wait()
	history, _, err := db.FunctionVersions(t.Context(), tenant, "f", repo.Page{})
	require.NoError(t, err)
	require.Equal(t, []int{13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, versions(history))
}

func TestUnstorableTextIsInvalid(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	for _, f := range []model.Function{
		{Name: "f", Code: "a\x00b"}, {Name: "f", Code: "caf\xe9"},
		{Name: "f", Code: "x", InputSchema: json.RawMessage("{")},
	} {
		_, err := db.CreateFunction(t.Context(), tenant, f, nil, nil)
		requireCode(t, model.CodeInvalid, err)
	}
	_, err := db.CreateFunction(t.Context(), "missing", model.Function{Name: "f", Code: "x"}, nil, nil)
	requireCode(t, model.CodeSubtenantNotFound, err)
}

func setup(t *testing.T) (*repo.DB, string) {
	t.Helper()
	db := testkit.DB(t)
	_, err := db.EnsureSubtenant(t.Context(), "acme")
	require.NoError(t, err)
	return db, "acme"
}

func createFunction(t *testing.T, db *repo.DB, tenant, name string) model.Function {
	t.Helper()
	f, err := db.CreateFunction(t.Context(), tenant, model.Function{Name: name, Code: "def " + name + "(input): ..."}, nil, nil)
	require.NoError(t, err)
	return f
}

func requireCode(t *testing.T, code model.Code, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, model.CodeOf(err), "%v", err)
	var known *model.Error
	require.ErrorAs(t, err, &known)
	require.NotEmpty(t, known.Detail)
}

func versions(history []model.FunctionVersion) (numbers []int) {
	for _, v := range history {
		numbers = append(numbers, v.Version)
	}
	return numbers
}

func ptr[T any](v T) *T { return &v }
