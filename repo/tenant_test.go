package repo_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit"
	"maestro/repo"
	"maestro/repo/dbsqlc"
)

// serverWide lists the queries that do not look for one subtenant's rows, and
// why that is right.
var serverWide = map[string]string{
	"InsertSubtenant":          "makes a subtenant",
	"GetSubtenant":             "for admins, by the id itself",
	"ListSubtenants":           "for admins",
	"DeleteSubtenant":          "for admins, by the id itself",
	"LockSubtenant":            "by the id itself",
	"RememberDeletedSubtenant": "ids of all times",
	"SubtenantWasDeleted":      "ids of all times",
	"ListUnpurgedSubtenants":   "ids of all times",
	"NotePurged":               "ids of all times",
	"SetMetaOnce":              "facts about the server",
	"ServerVersion":            "facts about the server",
	"OldestPartition":          "a day's partition holds the rows of all subtenants",
	"ListDayPartitions":        "a day's partition holds the rows of all subtenants",
	"ListDetachedPartitions":   "a day's partition holds the rows of all subtenants",
	"TryLockRetention":         "one server at a time does it for all subtenants",
	"UnlockRetention":          "one server at a time does it for all subtenants",
	"ListRetentions":           "the retention of all subtenants",
	"ListExpiredOfDay":         "of a day, for all subtenants",
	"DeleteOldRetries":         "removes expired rows of all subtenants",
	"UpdateSubtenant":          "for admins, by the id itself",
	"PauseSubtenant":           "for admins, by the id itself",
	"ListProcessPackages":      "for admins, by the ids themselves",
	"LockFolder":               "servers are no subtenant's",
	"RetireFolder":             "servers are no subtenant's",
	"InsertServer":             "servers are no subtenant's",
	"Beat":                     "servers are no subtenant's",
	"ListServers":              "servers are no subtenant's",
	"RetireServer":             "servers are no subtenant's",
	"ForgetServers":            "servers are no subtenant's",
	"SumChanges":               "servers follow the changes of all subtenants",
	"ListChanges":              "servers follow the changes of all subtenants",
	"DeleteExpiredKeys":        "removes expired rows of all subtenants",
	"DeleteOldCancels":         "removes expired rows of all subtenants",
	"MakePartition":            "partitions hold the rows of all subtenants",
	"ListActiveWebhooks":       "the router reads the webhooks of all subtenants and decides itself",
	"ClaimSegment":             "segments are shared by all; its own test is TestPublicSegmentBelongsToItsFirstUser",
	"InsertSchedule":           "writes a new row with its subtenant",
	"ListDueSchedules":         "the scheduler starts the schedules of all subtenants",
	"LockDueSchedules":         "the scheduler starts the schedules of all subtenants",
	"LockFreeSchedules":        "only locks, by ids that the queue has kept",
	"AddLateResult":            "writes a new row with its subtenant",
	"TakeLateResults":          "each is noted under its own subtenant",
	"ListLateSchedules":        "the scheduler starts the schedules of all subtenants",
	"ForgetLateResults":        "removes expired rows of all subtenants",
	"NextDue":                  "the scheduler starts the schedules of all subtenants",
	"ListQueueOfAll":           "for admins, all subtenants",
	"MakeDue":                  "all subtenants share the queue",
	"PauseAnew":                "all subtenants share the queue",
	"ListUnsettled":            "servers are no subtenant's",
	"NoteSettled":              "servers are no subtenant's",
	"ClaimRuns":                "all subtenants share the queue, each its fair part",
	"ConfirmClaims":            "by an id of 74 random bits and the number of a claim",
	"ReleaseRun":               "by an id of 74 random bits and the number of a claim",
	"EndQueued":                "by an id of 74 random bits and the number of a claim",
	"RetryQueued":              "by an id of 74 random bits and the number of a claim",
	"LockClaimed":              "by ids of 74 random bits, of a server that is gone",
	"ReleaseClaimsOf":          "a server that is gone has claimed them, for all subtenants",
	"ListServersOf":            "servers are no subtenant's",
	"InsertBlame":              "writes a new row with its subtenant",
	"CountQuarantined":         "a figure of the server",
	"Measure":                  "figures of all servers",
	"DeleteOldBlames":          "removes expired rows of all subtenants",
	"LockOrphaned":             "a server that is gone ran them, for all subtenants",
	"CrashRunsOf":              "a server that is gone ran them, for all subtenants",
	"InsertFunction":           "writes a new row with its subtenant",
	"InsertFunctionVersion":    "writes a new row with its subtenant",
	"InsertWebhook":            "writes a new row with its subtenant",
	"InsertCancel":             "writes a new row with its subtenant",
}

// everyID is above every id.
var everyID = pgtype.UUID{Valid: true, Bytes: [16]byte{0xff}}

// stranger holds what a caller of another subtenant may know of the first
// one's rows: every id and every name.
type stranger struct {
	tenant    string
	function  model.Function
	webhook   model.Webhook
	execution model.ID
	schedule  model.ID
	queued    model.ID // an execution that waits
}

// sharedSecret and sharedKey are the names of a secret and of an idempotency
// key of every subtenant.
const sharedSecret = "SHARED_NAME"

var sharedKey = []byte("shared key")

// probes run each query that takes a subtenant as the stranger, and report
// whether it reached a row.
var probes = map[string]func(context.Context, *dbsqlc.Queries, stranger) (bool, error){
	"CancelQueued": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		n, err := q.CancelQueued(ctx, s.tenant, pgtype.UUID{Bytes: s.queued, Valid: true})
		return n > 0, err
	},
	"CancelPending": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return one(q.CancelPending(ctx, s.tenant, pgtype.UUID{Bytes: s.queued, Valid: true}))
	},
	"NoteCrash": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		n, err := q.NoteCrash(ctx, dbsqlc.NoteCrashParams{Tenant: s.tenant, ID: pgtype.UUID{Bytes: s.queued, Valid: true}, Status: "crashed", Attempt: 1})
		return n > 0, err
	},
	"ListQueueOfTenant": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return many(q.ListQueueOfTenant(ctx, s.tenant))
	},
	"CountQueued": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		n, err := q.CountQueued(ctx, s.tenant, 10)
		return n > 0, err
	},
	"CountQueuedOf": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		n, err := q.CountQueuedOf(ctx, s.tenant, pgtype.UUID{Bytes: s.schedule, Valid: true})
		return n > 0, err
	},
	"DeleteQueuedOf": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return false, q.DeleteQueuedOf(ctx, s.tenant)
	},
	"DeleteLateResultsOf": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return false, q.DeleteLateResultsOf(ctx, s.tenant)
	},
	"GetFunction": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return one(q.GetFunction(ctx, s.tenant, s.function.Name))
	},
	"LockFunction": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return one(q.LockFunction(ctx, s.tenant, s.function.Name))
	},
	"ListFunctionRefs": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return many(q.ListFunctionRefs(ctx, s.tenant))
	},
	"ListFunctions": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return many(q.ListFunctions(ctx, dbsqlc.ListFunctionsParams{Tenant: s.tenant, Tags: []string{}, RowLimit: 10}))
	},
	"UpdateFunction": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return false, q.UpdateFunction(ctx, dbsqlc.UpdateFunctionParams{
			Tenant: s.tenant, ID: repo.UUID(s.function.ID), Description: ptr("stolen"), Tags: []string{},
			Version: 1, VersionID: repo.UUID(s.function.VersionID), UpdatedAt: time.Now(),
		})
	},
	"DeactivateFunction": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return touched(q.DeactivateFunction(ctx, s.tenant, s.function.Name))
	},
	"FunctionIsActive": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return q.FunctionIsActive(ctx, s.tenant, s.function.Name)
	},
	"GetFunctionKind": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return one(q.GetFunctionKind(ctx, s.tenant, s.function.Name))
	},
	"GetVersionCode": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return one(q.GetVersionCode(ctx, s.tenant, repo.UUID(s.function.VersionID)))
	},
	"ListCallers": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return many(q.ListCallers(ctx, s.tenant, []string{s.function.Name}))
	},
	"NoteNames": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return false, q.NoteNames(ctx, dbsqlc.NoteNamesParams{
			Tenant: s.tenant, VersionID: repo.UUID(s.function.VersionID), Uses: []string{"stolen"}, Imports: []string{"stolen"}, Secrets: []string{"stolen"},
		})
	},
	"FunctionExists": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return q.FunctionExists(ctx, s.tenant, s.function.Name)
	},
	"ListFunctionVersions": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return many(q.ListFunctionVersions(ctx, dbsqlc.ListFunctionVersionsParams{
			Tenant: s.tenant, Name: s.function.Name, Before: 100, RowLimit: 10,
		}))
	},
	"GetFunctionVersion": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return one(q.GetFunctionVersion(ctx, s.tenant, s.function.Name, 1))
	},
	"GetWebhook": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return one(q.GetWebhook(ctx, s.tenant, repo.UUID(s.webhook.ID)))
	},
	"LockWebhook": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return one(q.LockWebhook(ctx, s.tenant, repo.UUID(s.webhook.ID)))
	},
	"ListWebhooks": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return many(q.ListWebhooks(ctx, dbsqlc.ListWebhooksParams{Tenant: s.tenant, RowLimit: 10}))
	},
	"UpdateWebhook": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return false, q.UpdateWebhook(ctx, dbsqlc.UpdateWebhookParams{
			Tenant: s.tenant, ID: repo.UUID(s.webhook.ID), Path: "stolen", Method: "GET", FunctionName: s.function.Name, UpdatedAt: time.Now(),
		})
	},
	"DeleteWebhook": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return one(q.DeleteWebhook(ctx, s.tenant, repo.UUID(s.webhook.ID)))
	},
	"GetSchedule": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return one(q.GetSchedule(ctx, s.tenant, repo.UUID(s.schedule)))
	},
	"LockSchedule": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return one(q.LockSchedule(ctx, s.tenant, repo.UUID(s.schedule)))
	},
	"ListSchedules": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return many(q.ListSchedules(ctx, dbsqlc.ListSchedulesParams{Tenant: s.tenant, RowLimit: 10}))
	},
	"UpdateSchedule": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return false, q.UpdateSchedule(ctx, dbsqlc.UpdateScheduleParams{
			Tenant: s.tenant, ID: repo.UUID(s.schedule), Name: "stolen", FunctionName: s.function.Name, InputData: []byte("1"),
			Overlap: "skip", CatchUp: "all", MaxInstances: 1, UpdatedAt: time.Now(),
		})
	},
	"DeleteSchedule": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return touched(q.DeleteSchedule(ctx, s.tenant, repo.UUID(s.schedule)))
	},
	"MoveSchedule": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return false, q.MoveSchedule(ctx, dbsqlc.MoveScheduleParams{Tenant: s.tenant, ID: repo.UUID(s.schedule), LastStatus: ptr("stolen")})
	},
	"NoteScheduleResult": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return false, q.NoteScheduleResult(ctx, dbsqlc.NoteScheduleResultParams{Tenant: s.tenant, ID: repo.UUID(s.schedule), Status: "stolen", Failed: true})
	},
	"ReleaseSegment": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return false, q.ReleaseSegment(ctx, "acme", s.tenant)
	},
	"ReleaseAllSegments": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return false, q.ReleaseAllSegments(ctx, s.tenant)
	},
	"ListExecutionIDsOf": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return many(q.ListExecutionIDsOf(ctx, s.tenant, pgtype.UUID{Valid: true}, 10))
	},
	"DeleteExecutionsOf": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return touched(q.DeleteExecutionsOf(ctx, dbsqlc.DeleteExecutionsOfParams{
			Tenant: s.tenant, Ids: []pgtype.UUID{repo.UUID(s.execution)}, FromID: pgtype.UUID{Valid: true}, UptoID: everyID,
		}))
	},
	"DeleteStepsOf": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return touched(q.DeleteStepsOf(ctx, dbsqlc.DeleteStepsOfParams{
			Tenant: s.tenant, ExecutionIds: []pgtype.UUID{repo.UUID(s.execution)}, FromID: pgtype.UUID{Valid: true}, BeforeID: everyID,
		}))
	},
	"NoteChange": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return false, q.NoteChange(ctx, s.tenant, "function")
	},
	"ClaimKey": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		_, err := q.ClaimKey(ctx, dbsqlc.ClaimKeyParams{
			Tenant: s.tenant, Key: sharedKey, Fingerprint: []byte("stolen"), ExecutionID: repo.UUID(model.NewID()),
			Lease: pgtype.Interval{Valid: true}, Keep: pgtype.Interval{Valid: true, Days: 1},
		})
		return false, ignoreNoRows(err) // one of its own
	},
	"GetKey": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		row, err := q.GetKey(ctx, s.tenant, sharedKey)
		return row.ExecutionID == repo.UUID(s.execution), ignoreNoRows(err)
	},
	"RenewKey": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		var failed error
		q.RenewKey(ctx, []dbsqlc.RenewKeyParams{{
			Tenant: s.tenant, Key: sharedKey, ExecutionID: repo.UUID(s.execution), Lease: pgtype.Interval{Valid: true, Days: 9},
		}}).Exec(func(_ int, err error) { failed = err })
		return false, failed
	},
	"FinishKey": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return touched(q.FinishKey(ctx, dbsqlc.FinishKeyParams{
			Tenant: s.tenant, Key: sharedKey, ExecutionID: repo.UUID(s.execution), Status: 200,
		}))
	},
	"ReleaseKey": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return touched(q.ReleaseKey(ctx, s.tenant, sharedKey, repo.UUID(s.execution)))
	},
	"SuspendKey": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return false, q.SuspendKey(ctx, s.tenant, sharedKey, repo.UUID(s.execution))
	},
	"DeleteKeysOf": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		_, err := q.DeleteKeysOf(ctx, s.tenant, 10) // its own
		return false, err
	},
	"GetExecution": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return one(q.GetExecution(ctx, s.tenant, repo.UUID(s.execution)))
	},
	"ExecutionExists": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return q.ExecutionExists(ctx, s.tenant, repo.UUID(s.execution))
	},
	"ListCancels": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return many(q.ListCancels(ctx, s.tenant))
	},
	"ListExecutions": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return many(q.ListExecutions(ctx, dbsqlc.ListExecutionsParams{
			Tenant: s.tenant, FromID: pgtype.UUID{Valid: true}, BeforeID: everyID, RowLimit: 10,
		}))
	},
	"ListNewestExecutions": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return many(q.ListNewestExecutions(ctx, dbsqlc.ListNewestExecutionsParams{
			Tenant: s.tenant, FromID: pgtype.UUID{Valid: true}, BeforeID: everyID, Newest: 10, RowLimit: 10,
		}))
	},
	"ListRareExecutions": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return many(q.ListRareExecutions(ctx, dbsqlc.ListRareExecutionsParams{
			Tenant: s.tenant, FromID: pgtype.UUID{Valid: true}, BeforeID: everyID, RowLimit: 10,
		}))
	},
	"CountExecutions": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		n, err := q.CountExecutions(ctx, dbsqlc.CountExecutionsParams{
			Tenant: s.tenant, FromID: pgtype.UUID{Valid: true}, BeforeID: everyID, Most: 10,
		})
		return n > 0, err
	},
	"ListExpired": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return many(q.ListExpired(ctx, dbsqlc.ListExpiredParams{
			Tenant: s.tenant, FromID: pgtype.UUID{Valid: true}, BeforeID: everyID, RowLimit: 10,
		}))
	},
	"PauseFunction": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return touched(q.PauseFunction(ctx, true, s.tenant, s.function.Name))
	},
	"CountHeld": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		held, err := q.CountHeld(ctx, s.tenant, &s.function.Name)
		return held.Waiting+held.Running > 0, err
	},
	"ListSteps": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return many(q.ListSteps(ctx, dbsqlc.ListStepsParams{
			Tenant: s.tenant, ExecutionID: repo.UUID(s.execution), AfterID: pgtype.UUID{Valid: true}, BeforeID: everyID, RowLimit: 10,
		}))
	},
	"ListUnorderedSteps": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return many(q.ListUnorderedSteps(ctx, dbsqlc.ListUnorderedStepsParams{
			Tenant: s.tenant, ExecutionID: repo.UUID(s.execution), AfterID: pgtype.UUID{Valid: true}, BeforeID: everyID, RowLimit: 10,
		}))
	},
	"HasUnorderedSteps": func(ctx context.Context, q *dbsqlc.Queries, s stranger) (bool, error) {
		return q.HasUnorderedSteps(ctx, dbsqlc.HasUnorderedStepsParams{
			Tenant: s.tenant, ExecutionID: repo.UUID(s.execution), AfterID: pgtype.UUID{Valid: true}, BeforeID: everyID,
		})
	},
}

func TestEachQueryMissesAnotherTenantsRows(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	ctx := t.Context()
	first, second := populate(t, db, "acme"), populate(t, db, "zenith")
	before := snapshot(t, db.Pool(), "acme")

	// Knows all of acme's names and ids, but has no rows of its own that could
	// be mistaken for them.
	outsider := first
	outsider.tenant = "outsider"
	_, err := db.EnsureSubtenant(ctx, outsider.tenant)
	require.NoError(t, err)
	// Has rows of its own, under the same names.
	neighbour := first
	neighbour.tenant = second.tenant

	for _, name := range queryNames(t) {
		probe, probed := probes[name]
		reason, exempt := serverWide[name]
		require.True(t, probed != exempt, "query %s needs either a probe or a reason for having none (%q)", name, reason)
		if !probed {
			continue
		}
		found, err := probe(ctx, db.Queries(), outsider)
		require.NoError(t, err, name)
		require.False(t, found, "query %s reaches another subtenant's rows", name)
		_, err = probe(ctx, db.Queries(), neighbour)
		require.NoError(t, err, name)
		require.Equal(t, before, snapshot(t, db.Pool(), "acme"), "query %s changes another subtenant's rows", name)
	}
	require.Len(t, queryNames(t), len(probes)+len(serverWide), "a probe of a query that is no more")
}

func one[T any](_ T, err error) (bool, error) {
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func many[T any](rows []T, err error) (bool, error) { return len(rows) > 0, err }

func ignoreNoRows(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	return err
}

func touched(n int64, err error) (bool, error) { return n > 0, err }

// queryNames reads the names from the SQL files.
func queryNames(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("queries/*.sql")
	require.NoError(t, err)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, match := range regexp.MustCompile(`(?m)^-- name: (\w+) :`).FindAllSubmatch(content, -1) {
			names = append(names, string(match[1]))
		}
	}
	require.NotEmpty(t, names)
	return names
}

// populate gives a subtenant a row in every table; names are the same for all.
func populate(t *testing.T, db *repo.DB, tenant string) stranger {
	t.Helper()
	ctx := t.Context()
	_, err := db.EnsureSubtenant(ctx, tenant)
	require.NoError(t, err)
	f, err := db.CreateFunction(ctx, tenant, model.Function{Name: "shared_name", Code: tenant}, nil, nil)
	require.NoError(t, err)
	w, err := db.CreateWebhook(ctx, tenant, model.Webhook{
		Path: tenant + "/x", Method: "POST", FunctionName: f.Name, InputMode: model.InputAuto, ResponseMode: model.ResponseRaw, IsActive: true,
	})
	require.NoError(t, err)
	at := time.Now()
	e := model.Execution{
		ID: model.NewIDAt(at), Tenant: tenant, FunctionName: f.Name, FunctionVersion: 1, Trigger: model.TriggerManual,
		Status: model.StatusFailed, Input: json.RawMessage(`1`), CreatedAt: at, StartedAt: at, CompletedAt: at, Attempt: 1,
	}
	step := model.Step{
		ID: model.NewIDAt(at), ExecutionID: e.ID, Depth: 1, Position: 1, Attempt: 1, FunctionName: f.Name,
		FunctionVersion: 1, Status: model.StatusFailed, StartedAt: at, CompletedAt: at,
	}
	require.NoError(t, db.CopyRecords(ctx, []*model.Record{{Execution: e, Steps: []model.Step{step}}}, "test"))
	require.NoError(t, db.RequestCancel(ctx, tenant, e.ID))
	populateBlames(t, db, tenant, f.Name)
	job, err := db.CreateSchedule(ctx, tenant, newSchedule("shared name", f.Name))
	require.NoError(t, err)
	queued := newQueued(tenant, f.Name)
	queued.Execution.Trigger, queued.Execution.TriggerID = model.TriggerSchedule, job.ID
	require.NoError(t, db.Enqueue(ctx, nil, queued))
	_, err = db.Pool().Exec(ctx, "INSERT INTO schedule_late_results (tenant, schedule_id, execution_id, status) VALUES ($1, $2, $3, 'failed')",
		tenant, repo.UUID(job.ID), repo.UUID(e.ID))
	require.NoError(t, err)
	require.NoError(t, db.PutSecret(ctx, tenant, sharedSecret, []byte(tenant)))
	_, err = db.ClaimKey(ctx, repo.KeyClaim{
		Tenant: tenant, Key: sharedKey, Fingerprint: []byte(tenant), ExecutionID: e.ID, Lease: time.Hour, Keep: time.Hour,
	})
	require.NoError(t, err)
	populatePackages(t, db, tenant)
	populateAlerts(t, db, tenant, f.Name, e.ID)
	populateSums(t, db)
	populateRefusals(t, db, w)
	require.NoError(t, db.NoteRetry(ctx, tenant, e.ID, model.NewID()))
	return stranger{tenant: tenant, function: f, webhook: w, execution: e.ID, schedule: job.ID, queued: queued.Execution.ID}
}

// snapshot is everything that belongs to a subtenant, as text.
func snapshot(t *testing.T, pool *pgxpool.Pool, tenant string) (all []string) {
	t.Helper()
	for _, table := range []string{"functions", "function_versions", "function_blames", "webhooks", "scheduled_jobs", "public_segments", "executions", "step_executions", "changes", "secrets", "cancels", "idempotency_keys", "queued_runs", "schedule_late_results", "execution_retries", "environments", "package_states", "installed_packages", "package_installs", "alert_signals", "alert_problems", "alert_deliveries", "webhook_refusals"} {
		rows, err := pool.Query(t.Context(), "SELECT to_json(t)::text FROM "+table+" t WHERE tenant = $1 ORDER BY 1", tenant)
		require.NoError(t, err)
		before := len(all)
		for rows.Next() {
			var row string
			require.NoError(t, rows.Scan(&row))
			all = append(all, row)
		}
		require.NoError(t, rows.Err())
		require.Greater(t, len(all), before, "%s holds a row to be protected", table)
	}
	return all
}
