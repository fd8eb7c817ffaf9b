package handlers

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
	"golang.org/x/sync/singleflight"

	"maestro/handlers/connection"
	"maestro/handlers/webhook"
	"maestro/internal/intake"
)

// methods are the ones that Fiber routes. Those beyond its default may be sent
// to a webhook that takes ANY.
var methods = slices.Concat(fiber.DefaultMethods, []string{
	"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH", "QUERY", "PURGE", "LINK", "UNLINK",
})

// Server is the HTTP edge.
type Server struct {
	opts     Options
	app      *fiber.App
	api      huma.API
	webhooks *webhook.Handler
	tenants  tenants
	checks   singleflight.Group // the checks of /health in progress, by part
	down     sync.Map           // the parts whose last check failed
	counts   requestCounts      // without Options.Count: none

	http        *fasthttp.Server
	closing     atomic.Bool // each response is the last one of its connection
	connections connection.Tracker
	bodies      intake.Reader
	strangers   *intake.Budget // memory for the bodies of callers without a valid token

	streams    context.Context // of event streams; ends when the server shuts down
	endStreams context.CancelFunc
}

// New builds the HTTP edge. It neither listens nor queries the database yet.
func New(opts Options) *Server {
	opts.setDefaults()
	s := &Server{opts: opts, tenants: tenants{db: opts.DB}}
	s.webhooks = webhook.New(webhook.Options{Context: opts.Context, DB: opts.DB, Engine: opts.Engine, Auth: opts.Auth, Secrets: opts.Secrets, OpenPages: opts.OpenPages, Log: opts.Log, Refusals: opts.Refusals})
	s.connections.HeadTime = opts.HeadTime
	s.bodies = intake.Reader{Limit: opts.MaxBodyBytes, Pace: opts.BodyPace}
	s.strangers = intake.NewBudget(int64(max(leastBudget, budgetBodies*opts.MaxBodyBytes)), budgetWait)
	s.streams, s.endStreams = context.WithCancel(opts.Context)
	s.app = fiber.New(fiber.Config{
		AppName:               "maestro",
		DisableStartupMessage: true,
		CaseSensitive:         true,
		Immutable:             true, // strings from Ctx are copies
		RequestMethods:        methods,
		ErrorHandler:          s.handleError,
	})
	s.counts = s.newRequestCounts()
	s.newAPI()
	s.app.Use(s.observe)
	s.app.Use(s.refuseFunctions)
	s.app.Use(s.cors)
	s.addRoutes()
	s.finishDocument()
	s.http = s.newHTTP()
	return s
}

// App is the Fiber application, for tests that list its routes or call it
// without a connection.
func (s *Server) App() *fiber.App { return s.app }
