package crash

import (
	"bytes"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/journal"
	"maestro/internal/model"
	"maestro/internal/testkit"
	"maestro/repo"
)

const stack = `  File "/srv/maestro/python/lib/python3.14/json/decoder.py", line 11, in decode
  File "/usr/x.py", line 12, in x
  File "<shared v7>", line 3, in parse
  File "<maestro>", line 40, in run
  File "<crasher v2>", line 7, in crasher
  File "<outer v1>", line 2, in outer
`

func entry(tenant, function string, ticket uint64) journal.Entry {
	now := time.Now()
	return journal.Entry{ExecutionID: model.NewID(), Tenant: tenant, Function: function, Version: 1, Trigger: model.TriggerManual, Created: now, Started: now, Attempt: 1, Ticket: ticket}
}

func TestCulpritOfAMarker(t *testing.T) {
	t.Parallel()
	begun, other, waiting := entry("acme", "outer", 17), entry("zenith", "outer", 18), entry("acme", "later", 19)
	waiting.Started = time.Time{}
	runs := []journal.Entry{begun, other, waiting}
	c := newCulprit(journal.Marker{Fault: "SIGSEGV", Address: "0x0", Owner: "acme", Ticket: 17, Stack: stack}, runs)
	require.Equal(t, &runs[0], c.run)
	require.Equal(t, []model.NamedVersion{{Name: "shared", Number: 7}, {Name: "crasher", Number: 2}, {Name: "outer", Number: 1}}, c.versions)
	require.Equal(t, "the code of this execution ended the server's process: SIGSEGV at address 0x0, in the code of shared", c.message())
	require.Equal(t, `Traceback (most recent call last):
  File "<outer v1>", line 2, in outer
  File "<crasher v2>", line 7, in crasher
  File "<shared v7>", line 3, in parse
  File ".../usr/x.py", line 12, in x
  File ".../json/decoder.py", line 11, in decode
ProcessCrashed: SIGSEGV at address 0x0
`, c.marker.Traceback())

	for name, marker := range map[string]journal.Marker{
		"no call":                   {Fault: "SIGABRT", Owner: "acme"},
		"a call that has ended":     {Fault: "SIGABRT", Owner: "acme", Ticket: 3},
		"another subtenant's":       {Fault: "SIGABRT", Owner: "acme", Ticket: 18},
		"a call that had not begun": {Fault: "SIGABRT", Owner: "acme", Ticket: 19},
		"an empty stack":            {Fault: "SIGABRT", Owner: "acme", Ticket: 1},
	} {
		c := newCulprit(marker, runs)
		require.Nil(t, c.run, name)
		require.Equal(t, "acme", c.tenant, name)
		require.Empty(t, c.marker.Traceback(), name)
		require.Equal(t, "SIGABRT", c.marker.Cause(), name)
	}
	c = newCulprit(journal.Marker{Fault: "_exit", Status: 3, Ticket: 18}, runs)
	require.Equal(t, "zenith", c.tenant)
	require.Equal(t, "the code of this execution ended the server's process: _exit(3)", c.message())
}

// The journal of a process with a marker, as it lies there at the next start.
func TestSettledJournal(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	for _, tenant := range []string{"acme", "zenith"} {
		_, err := db.EnsureSubtenant(t.Context(), tenant)
		require.NoError(t, err)
		_, err = db.CreateFunction(t.Context(), tenant, model.Function{Name: "outer", Code: "def outer(input): ..."}, nil, nil)
		require.NoError(t, err)
	}
	dir := t.TempDir()
	var said bytes.Buffer
	log := slog.New(slog.NewTextHandler(&said, nil))
	var settled []repo.SettledRun
	reopen := func() *journal.Journal {
		j, err := journal.Open(dir, 0)
		require.NoError(t, err)
		require.NoError(t, Settle(t.Context(), db, j, "folder", func(runs []repo.SettledRun) { settled = append(settled, runs...) }, log))
		return j
	}
	crash := func(j *journal.Journal, marker string, runs ...*journal.Entry) {
		for _, run := range runs {
			slot := j.Enter(run)
			if ticket := slot.Ticket(); ticket != nil {
				ticket.Store(run.Ticket)
			}
		}
		require.NoError(t, os.WriteFile(j.MarkerPath(), []byte(marker), 0o600))
		require.NoError(t, j.Close())
	}
	j := reopen()
	require.Empty(t, said.String(), "there was no predecessor")
	culprit, bystander, short := entry("acme", "outer", 17), entry("zenith", "outer", 18), entry("zenith", "outer", 0)
	short.Started = time.Time{}
	crash(j, "fault SIGSEGV\naddress 0x0\nowner acme\ncall 17\nstack\n  File \"<outer v1>\", line 2, in outer\nend\n", &culprit, &bystander, &short)
	j = reopen()
	require.ElementsMatch(t, []repo.SettledRun{
		{Tenant: "acme", Function: "outer", Trigger: culprit.Trigger, Status: model.StatusCrashed},
		{Tenant: "zenith", Function: "outer", Trigger: bystander.Trigger, Status: model.StatusCrashed},
	}, settled)
	require.Contains(t, said.String(), `tenant=acme cause="SIGSEGV at address 0x0" function=outer version=1 execution_id=`+culprit.ExecutionID.String())
	e, err := db.Execution(t.Context(), "acme", culprit.ExecutionID)
	require.NoError(t, err)
	require.Equal(t, model.StatusCrashed, e.Status)
	require.Equal(t, model.ErrorProcessCrashed, *e.ErrorType)
	require.Contains(t, *e.Traceback, `File "<outer v1>", line 2, in outer`)
	e, err = db.Execution(t.Context(), "zenith", bystander.ExecutionID)
	require.NoError(t, err)
	require.Equal(t, model.ErrorCrashed, *e.ErrorType)
	require.Equal(t, otherRun, *e.Error)
	require.Nil(t, e.Traceback)
	_, err = db.Execution(t.Context(), "zenith", short.ExecutionID)
	require.Equal(t, model.CodeExecutionNotFound, model.CodeOf(err), "its code had not begun")

	said.Reset()
	require.NoError(t, j.Close())
	j = reopen()
	require.Empty(t, said.String(), "all of it is settled")

	killed := entry("acme", "outer", 3)
	crash(j, "", &killed)
	j = reopen()
	e, err = db.Execution(t.Context(), "acme", killed.ExecutionID)
	require.NoError(t, err)
	require.Equal(t, repo.ServerDied, *e.Error)
	require.NotContains(t, said.String(), "level=ERROR")

	for range 2 { // a thread whose call is over has no execution, and its function is blamed all the same
		crash(j, "fault SIGABRT\nowner acme\ncall 4\nstack\n  File \"<outer v1>\", line 2, in outer\nend\n")
		j = reopen()
	}
	f, err := db.Function(t.Context(), "acme", "outer")
	require.NoError(t, err)
	require.NotNil(t, f.Quarantine)
	require.Contains(t, said.String(), "a function is quarantined")
	f, err = db.Function(t.Context(), "zenith", "outer")
	require.NoError(t, err)
	require.Nil(t, f.Quarantine)
	require.NoError(t, j.Close())
}
