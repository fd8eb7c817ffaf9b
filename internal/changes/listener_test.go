package changes_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"maestro/internal/changes"
	"maestro/internal/model"
	"maestro/internal/service"
	"maestro/internal/service/servicetest"
	"maestro/internal/testkit"
	"maestro/repo"
)

// kinds are those that the tests cause.
var kinds = []repo.ChangeKind{
	repo.FunctionsChanged, repo.WebhooksChanged, repo.SecretsChanged, repo.SchedulesChanged, repo.AccessChanged, repo.SubtenantGone,
}

// server is one of several on a database.
type server struct {
	*repo.DB
	listener *changes.Listener
	heard    chan string // "kind tenant" of each call
	busy     sync.Mutex  // while it is held, no call returns
}

// setup starts two servers. Left alone they compare only once an hour: what
// they hear of, they were told.
func setup(t *testing.T, checkEvery time.Duration) (one, other *server) {
	t.Helper()
	url := testkit.DatabaseURL(t)
	one, other = start(t, url, "one", checkEvery), start(t, url, "other", checkEvery)
	return one, other
}

func start(t *testing.T, url, name string, checkEvery time.Duration) *server {
	t.Helper()
	db, err := repo.Open(t.Context(), url, repo.Options{Name: name})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	_, err = db.EnsureSubtenant(t.Context(), "acme")
	require.NoError(t, err)
	s := &server{DB: db, heard: make(chan string)}
	handlers := map[repo.ChangeKind]func(string){}
	for _, kind := range kinds {
		handlers[kind] = func(tenant string) {
			select {
			case s.heard <- fmt.Sprint(kind, " ", tenant):
				s.busy.Lock()
				defer s.busy.Unlock()
			case <-t.Context().Done():
			}
		}
	}
	s.listener = changes.New(db, changes.Options{Handlers: handlers, CheckEvery: checkEvery}, testkit.Logger(t))
	require.NoError(t, s.listener.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, s.listener.Stop(context.WithoutCancel(t.Context()))) })
	return s
}

func (s *server) hears(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-s.heard:
		require.Equal(t, want, got)
	case <-time.After(20 * time.Second):
		require.FailNow(t, "not heard", want)
	}
}

func (s *server) put(t *testing.T, function string) {
	t.Helper()
	_, err := s.CreateFunction(t.Context(), "acme", model.Function{Name: function, Code: "x"}, nil, nil)
	require.NoError(t, err)
}

func (s *server) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	_, err := s.Pool().Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}

// cut ends the listening connection of the server of that name and returns
// once it is gone.
func (s *server) cut(t *testing.T, name string) {
	t.Helper()
	var pid int
	require.NoError(t, s.Pool().QueryRow(t.Context(), `SELECT pid FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = $1`, name+" listener").Scan(&pid))
	s.exec(t, "SELECT pg_terminate_backend($1)", pid)
	require.Eventually(t, func() bool {
		var there bool
		err := s.Pool().QueryRow(t.Context(), "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE pid = $1)", pid).Scan(&there)
		return err == nil && !there
	}, 20*time.Second, 5*time.Millisecond)
}

// allowConnections lets new ones to the database in, or not; those there are
// stay. It has to be said from another database.
func (s *server) allowConnections(t *testing.T, allow bool) {
	t.Helper()
	config := s.Pool().Config().ConnConfig
	name := config.Database
	config.Database = "postgres"
	conn, err := pgx.ConnectConfig(t.Context(), config)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), fmt.Sprintf("ALTER DATABASE %s ALLOW_CONNECTIONS %t", pgx.Identifier{name}.Sanitize(), allow))
	require.NoError(t, err)
}

func TestEveryServerHearsOfAChange(t *testing.T) {
	t.Parallel()
	one, other := setup(t, time.Hour)
	require.True(t, other.listener.Healthy())
	one.put(t, "f")
	one.hears(t, "function acme")
	other.hears(t, "function acme")
	require.NoError(t, other.PutSecret(t.Context(), "acme", "KEY", []byte("sealed")))
	one.hears(t, "secret acme")
	other.hears(t, "secret acme")
	require.NoError(t, one.NoteAccessChanged(t.Context(), "acme"))
	other.hears(t, "access acme")
	require.NoError(t, one.DeleteSubtenant(t.Context(), "acme"))
	other.hears(t, "subtenant acme")
}

func TestEarlierChangesAreNotTold(t *testing.T) {
	t.Parallel()
	url := testkit.DatabaseURL(t)
	one := start(t, url, "one", time.Hour)
	one.put(t, "f")
	one.hears(t, "function acme")
	late := start(t, url, "late", time.Hour)
	require.NoError(t, one.PutSecret(t.Context(), "acme", "KEY", []byte("sealed")))
	late.hears(t, "secret acme")
}

func TestNothingIsMissedWithoutAConnection(t *testing.T) {
	t.Parallel()
	one, other := setup(t, time.Hour)
	require.NoError(t, one.listener.Stop(t.Context()))

	// The other server is busy with one change while its connection breaks and
	// the next ones are made: it can't have been told of them.
	other.busy.Lock()
	one.put(t, "f")
	other.hears(t, "function acme")
	one.cut(t, "other")
	one.put(t, "g")
	require.NoError(t, one.PutSecret(t.Context(), "acme", "KEY", []byte("sealed")))
	other.busy.Unlock()
	heard := map[string]bool{<-other.heard: true, <-other.heard: true}
	require.Equal(t, map[string]bool{"function acme": true, "secret acme": true}, heard)

	require.Eventually(t, other.listener.Healthy, 20*time.Second, 5*time.Millisecond)
	one.put(t, "h")
	other.hears(t, "function acme")
}

func TestDatabaseThatIsAwayIsWaitedFor(t *testing.T) {
	t.Parallel()
	one, other := setup(t, time.Hour)
	require.NoError(t, one.listener.Stop(t.Context()))
	one.allowConnections(t, false)
	one.cut(t, "other")
	require.Eventually(t, func() bool { return !other.listener.Healthy() }, 20*time.Second, 5*time.Millisecond)
	one.put(t, "f")
	one.allowConnections(t, true)
	other.hears(t, "function acme")
}

// A pooler may swallow LISTEN; then changes are found by comparing.
func TestChangeWithoutANotificationIsFound(t *testing.T) {
	t.Parallel()
	one, other := setup(t, 10*time.Millisecond)
	one.exec(t, "INSERT INTO changes (tenant, kind, number) VALUES ('acme', 'function', 1)")
	one.hears(t, "function acme")
	other.hears(t, "function acme")
	one.exec(t, "UPDATE changes SET number = number + 1")
	other.hears(t, "function acme")
	one.hears(t, "function acme")
	one.put(t, "f")
	other.hears(t, "function acme")
	one.hears(t, "function acme")
}

func TestListenerStartsAndStopsInAnyOrder(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	servicetest.Stress(t, func(t *testing.T) service.Service {
		return changes.New(db, changes.Options{}, testkit.Logger(t))
	})
}

func TestStoppedListenerIsNotHealthy(t *testing.T) {
	t.Parallel()
	l := changes.New(testkit.DB(t), changes.Options{}, testkit.Logger(t))
	require.False(t, l.Healthy())
	require.NoError(t, l.Start(t.Context()))
	require.True(t, l.Healthy())
	require.NoError(t, l.Stop(t.Context()))
	require.False(t, l.Healthy())
}
