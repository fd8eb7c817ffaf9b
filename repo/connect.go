package repo

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"maestro/internal/backoff"
	"maestro/repo/dbsqlc"
)

// LowestServerVersion is the oldest PostgreSQL that works, as in
// server_version_num.
const LowestServerVersion = 140000

// Options are the settings of a DB. The zero value is usable.
type Options struct {
	MaxConns int           // besides those of the queue and of lists; 0: 12
	KeepOpen bool          // have these open all the time: a server that is full, or slow to connect to, then holds nothing up
	Longest  time.Duration // that a statement may take, but one of the queue; 0: 30 s, below 0: no bound. Lists have one of their own
	Wait     time.Duration // how long Open waits for a server that is away; 0: one try
	Name     string        // application_name; "": maestro
	Log      *slog.Logger  // nil: silent
}

// DB is the database, through pools of connections. Its methods may be called
// from any number of goroutines.
type DB struct {
	pool *pgxpool.Pool
	q    *dbsqlc.Queries
	// queue and river are for the queue alone, and connect when they are used
	// (queue_session.go).
	queue, river *pgxpool.Pool
	// pulse is for Ping alone: no other query makes it wait.
	pulse *pgxpool.Pool
	// lists runs the queries with optional filters over executions, catalog those
	// over definitions (functions, webhooks …). Each is planned with its values
	// every time: a plan for all values would read a whole day for a filter that an
	// index answers. Both have few connections of their own, so that slow lists
	// take none from calls.
	lists, catalog          *dbsqlc.Queries
	listPool, directoryPool *pgxpool.Pool
	log                     *slog.Logger
	// oldest is the first day with a partition, as it was lately.
	oldest atomic.Pointer[oldestDay]
}

// Open connects to url, waiting for the server as long as Options say, and
// refuses a server that is too old. The caller closes the DB.
func Open(ctx context.Context, url string, opts Options) (*DB, error) {
	log := opts.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if opts.MaxConns <= 0 {
		opts.MaxConns = 12
	}
	db := &DB{log: log}
	if opts.Longest == 0 {
		opts.Longest = longestStatement
	}
	for _, p := range []struct {
		pool     **pgxpool.Pool
		most     int
		settings []setting
	}{
		{&db.pool, opts.MaxConns, statementsUpTo(opts.Longest)},
		{&db.listPool, listConns, statementsUpTo(longestList)},
		{&db.directoryPool, directoryConns, statementsUpTo(longestList)},
		{&db.queue, queueConns, queueSession},
		{&db.river, riverConns, riverSession},
		{&db.pulse, 1, nil},
	} {
		config, err := poolConfig(url, opts.Name, p.most, append(p.settings, everySession...))
		if err == nil && opts.KeepOpen && p.pool == &db.pool {
			config.MinConns = config.MaxConns
		}
		if err == nil {
			*p.pool, err = pgxpool.NewWithConfig(ctx, config)
		}
		if err != nil {
			db.Close()
			return nil, fmt.Errorf("make a connection pool: %w", err)
		}
	}
	db.q = dbsqlc.New(db.pool)
	db.lists, db.catalog = dbsqlc.New(plannedEachTime{db.listPool}), dbsqlc.New(plannedEachTime{db.directoryPool})
	if err := db.waitFor(ctx, opts.Wait); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// How many connections lists have at most, and how long a statement may take.
// What a caller can start is bounded by the database itself: the server's own
// time limit of a request ends with the server.
const (
	listConns        = 4
	directoryConns   = 3
	longestStatement = 30 * time.Second
	longestList      = 15 * time.Second
)

func statementsUpTo(longest time.Duration) []setting {
	if longest < 0 {
		return nil
	}
	return []setting{{"statement_timeout", strconv.FormatInt(longest.Milliseconds(), 10)}}
}

// setting is a parameter of a session.
type setting struct{ name, value string }

// everySession is what each is set to. A server that is frozen, or whose machine
// is gone, in the middle of a transaction holds what that has locked until its
// session ends: the hand-over of runs, schedules that are due. So the database ends
// it soon.
var everySession = []setting{
	{"idle_in_transaction_session_timeout", "15s"},
	{"tcp_keepalives_idle", "15"}, {"tcp_keepalives_interval", "5"}, {"tcp_keepalives_count", "3"}, // of no meaning on a unix socket
}

func poolConfig(url, name string, most int, session []setting) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		// pgx takes the password out of its message.
		return nil, fmt.Errorf("read the database URL: %w", err)
	}
	config.MaxConns = int32(most)
	config.MinConns, config.MinIdleConns = 0, 0 // not each pool is used by each server's part
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = 5 * time.Second
	}
	params := config.ConnConfig.RuntimeParams
	if params["application_name"] == "" {
		params["application_name"] = "maestro"
		if name != "" {
			params["application_name"] = name
		}
	}
	var settings []string
	for _, s := range session {
		if params[s.name] == "" { // the URL may say otherwise
			settings = append(settings, fmt.Sprintf("set_config('%s', '%s', false)", s.name, s.value))
		}
	}
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		// Not as parameters of the start: a pooler in between refuses those.
		if len(settings) > 0 {
			if _, err := conn.Exec(ctx, "SELECT "+strings.Join(settings, ", "), pgx.QueryExecModeSimpleProtocol); err != nil {
				return fmt.Errorf("set up the session: %w", err)
			}
		}
		conn.TypeMap().RegisterType(&pgtype.Type{
			Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
		})
		return nil
	}
	return config, nil
}

// waitFor returns once the server answers and is new enough.
func (d *DB) waitFor(ctx context.Context, patience time.Duration) error {
	deadline := time.Now().Add(patience)
	for {
		version, err := d.q.ServerVersion(ctx)
		switch {
		case err == nil && version < LowestServerVersion:
			return fmt.Errorf("the database server is PostgreSQL %d; version %d or later is needed",
				version/10000, LowestServerVersion/10000)
		case err == nil:
			return nil
		case ctx.Err() != nil || !isAway(err) || time.Now().After(deadline):
			return fmt.Errorf("connect to the database: %w", err)
		}
		d.log.Debug("waiting for the database", slog.Any("error", err))
		backoff.Sleep(ctx, 100*time.Millisecond)
	}
}

// Close waits for the connections in use and closes them all.
func (d *DB) Close() {
	for _, pool := range []*pgxpool.Pool{d.pool, d.listPool, d.directoryPool, d.queue, d.river, d.pulse} {
		if pool != nil {
			pool.Close()
		}
	}
}

// Ping asks the server for a sign of life, on a connection of its own.
func (d *DB) Ping(ctx context.Context) error { return d.fail(d.pulse.Ping(ctx), "ping the database") }

// Pool gives direct access for parts that bring their own SQL. The DB still owns
// it.
func (d *DB) Pool() *pgxpool.Pool { return d.pool }

// inTx runs do in one transaction. When do fails nothing of it is kept.
func (d *DB) inTx(ctx context.Context, do func(*dbsqlc.Queries) error) error {
	return pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error { return do(d.q.WithTx(tx)) })
}

// plannedEachTime makes the server plan a query with its values.
type plannedEachTime struct{ dbsqlc.DBTX }

func (p plannedEachTime) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return p.DBTX.Query(ctx, sql, append([]any{pgx.QueryExecModeCacheDescribe}, args...)...)
}
