package repo_test

import (
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
	"maestro/repo"
)

// pooler gives all its clients one session of a real PostgreSQL, for a transaction each,
// as PgBouncer does in transaction mode.
type pooler struct {
	turn    sync.Mutex // held by the client whose transaction is open
	session *pgconn.HijackedConn
}

func newPooler(t *testing.T, url string) (address string) {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), url)
	require.NoError(t, err)
	p := &pooler{}
	p.session, err = conn.Hijack()
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.session.Conn.Close() })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var clients sync.WaitGroup
	clients.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			clients.Go(func() {
				defer func() { _ = client.Close() }()
				p.serve(client)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		clients.Wait()
	})
	return "postgres://maestro@" + listener.Addr().String() + "/any?sslmode=disable"
}

// serve relays the messages of a client until it leaves.
func (p *pooler) serve(conn net.Conn) {
	client := pgproto3.NewBackend(conn, conn)
	if _, err := client.ReceiveStartupMessage(); err != nil {
		return
	}
	client.Send(&pgproto3.AuthenticationOk{})
	for name, value := range p.session.ParameterStatuses {
		client.Send(&pgproto3.ParameterStatus{Name: name, Value: value})
	}
	client.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	if client.Flush() != nil {
		return
	}
	holds := false
	defer func() {
		if holds {
			p.turn.Unlock()
		}
	}()
	for {
		message, err := client.Receive()
		if _, leaves := message.(*pgproto3.Terminate); err != nil || leaves {
			return
		}
		if !holds {
			p.turn.Lock()
			holds = true
		}
		p.session.Frontend.Send(message)
		switch message.(type) {
		case *pgproto3.Query, *pgproto3.Sync:
			status, err := p.answer(client)
			if err != nil {
				return
			}
			if status == 'I' {
				p.turn.Unlock()
				holds = false
			}
		}
	}
}

// answer relays what PostgreSQL says until it is ready again.
func (p *pooler) answer(client *pgproto3.Backend) (status byte, err error) {
	if err := p.session.Frontend.Flush(); err != nil {
		return 0, err
	}
	for {
		message, err := p.session.Frontend.Receive()
		if err != nil {
			return 0, err
		}
		client.Send(message)
		if ready, is := message.(*pgproto3.ReadyForQuery); is {
			return ready.TxStatus, client.Flush()
		}
	}
}

func TestPoolersThatShareSessions(t *testing.T) {
	t.Parallel()
	url := testkit.DatabaseURL(t)
	require.NoError(t, repo.CheckSessions(t.Context(), url))
	pooled := newPooler(t, url)
	require.ErrorIs(t, repo.CheckSessions(t.Context(), pooled), repo.ErrPooled)
	require.ErrorContains(t, repo.CheckSessions(t.Context(), strings.Replace(pooled, "127.0.0.1", "nowhere.invalid", 1)), "connect to the database")
}
