package handlers

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
	"golang.org/x/sync/singleflight"

	"maestro/internal/model"
)

const (
	// readBufferBytes bounds the request line and headers together: 431 above.
	readBufferBytes = 32 << 10
	readTimeout     = 60 * time.Second // for a whole request
	writeTimeout    = 60 * time.Second // for a whole answer
	idleTimeout     = 120 * time.Second
)

// methods are those that Fiber lets through to routing; the ones beyond its
// own default may come to a webhook for ANY.
var methods = slices.Concat(fiber.DefaultMethods, []string{
	"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH", "QUERY", "PURGE", "LINK", "UNLINK",
})

// Server is the HTTP edge.
type Server struct {
	opts    Options
	app     *fiber.App
	api     huma.API
	router  *webhookRouter
	modes   *inputModes
	tenants tenants
	checks  singleflight.Group // of /health, by part
	down    sync.Map           // the parts whose last check failed

	streams    context.Context // of the answers that last; ends when the server is to stop
	endStreams context.CancelFunc
}

// New builds the HTTP edge. Nothing is listened to, and nothing is asked of
// the database yet.
func New(opts Options) *Server {
	opts.setDefaults()
	s := &Server{opts: opts, router: newWebhookRouter(opts.DB), modes: newInputModes(opts.DB), tenants: tenants{db: opts.DB}}
	s.streams, s.endStreams = context.WithCancel(opts.Context)
	s.app = fiber.New(fiber.Config{
		AppName:               "maestro",
		DisableStartupMessage: true,
		CaseSensitive:         true,
		Immutable:             true, // strings from Ctx are copies
		BodyLimit:             opts.MaxBodyBytes,
		ReadBufferSize:        readBufferBytes,
		ReadTimeout:           readTimeout,
		WriteTimeout:          writeTimeout,
		IdleTimeout:           idleTimeout,
		RequestMethods:        methods,
		ErrorHandler:          s.handleError,
		// A form is read by whoever wants it, within the limits of the body.
		DisablePreParseMultipartForm: true,
	})
	s.newAPI()
	s.refuseUnknownMethods()
	s.app.Use(s.observe)
	s.app.Use(s.cors)
	s.addOperations()
	s.addPages()
	s.addExampleDocuments()
	s.addWebhookCalls()
	s.app.Use(s.inflate)
	s.app.Use("/api/v1/subtenants", s.authenticateAdmin)
	s.app.Use("/api/v1", s.authenticate)
	s.app.Use("/scheduler", s.authenticate)
	s.app.Use("/api/v1", s.checkBody)
	s.addAPI()
	s.finishDocument()
	return s
}

// App is the Fiber application, to be given a listener.
func (s *Server) App() *fiber.App { return s.app }

// Shutdown takes no more connections, ends the answers that last, and returns
// when every other request has been answered, or when ctx ends.
func (s *Server) Shutdown(ctx context.Context) error {
	s.endStreams()
	return s.app.ShutdownWithContext(ctx)
}

// refuseUnknownMethods answers methods that Fiber does not know itself: its
// own answer to them can't be changed and is not our envelope.
func (s *Server) refuseUnknownMethods() {
	known := make(map[string]bool, len(methods))
	for _, method := range methods {
		known[method] = true
	}
	next := s.app.Server().Handler
	s.app.Server().Handler = func(ctx *fasthttp.RequestCtx) {
		if known[string(ctx.Method())] {
			next(ctx)
			return
		}
		c := s.app.AcquireCtx(ctx)
		defer s.app.ReleaseCtx(c)
		_ = s.handleError(c, model.NewError(model.CodeBadRequest, "The method of the request is not a method of HTTP."))
	}
}
