package webhook

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"time"

	"maestro/internal/model"
	"maestro/internal/payload"
	"maestro/internal/schema"
	"maestro/repo"
)

// modeAge is how long what a function's input schema asks for is believed. It bounds how late a change on another server is seen, should
// nothing tell us of it; a change here is told at once.
const modeAge = time.Second

// inputModes knows which form of input the functions of webhooks want, and as
// what they declare the text of forms and queries. It costs one query per
// function and second at most.
type inputModes struct {
	db *repo.DB

	mu      sync.RWMutex
	known   map[string]map[string]knownMode // subtenant → function; guarded by mu
	changes uint64                          // counts calls of forget; guarded by mu
}

type knownMode struct {
	schema   []byte
	mode     model.InputMode
	declared func() *payload.Declared // reads the schema once, when it is first asked
	until    time.Time
}

func newInputModes(db *repo.DB) *inputModes {
	return &inputModes{db: db, known: make(map[string]map[string]knownMode)}
}

// forget drops what is known of a subtenant's functions.
func (m *inputModes) forget(tenant string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.known, tenant)
	m.changes++
}

// effective is the form in which a webhook's function gets its input. A
// function that can't be looked up now gets a request: running it will fail
// with the proper error.
func (m *inputModes) effective(ctx context.Context, w *model.Webhook) model.InputMode {
	if w.InputMode != model.InputAuto {
		return w.InputMode
	}
	return m.of(ctx, w).mode
}

// declared is what the input schema of a webhook's function declares; nil where
// there is none, or none can be looked up now.
func (m *inputModes) declared(ctx context.Context, w *model.Webhook) *payload.Declared {
	if entry := m.of(ctx, w); entry.declared != nil {
		return entry.declared()
	}
	return nil
}

// of is what is known of a webhook's function.
func (m *inputModes) of(ctx context.Context, w *model.Webhook) knownMode {
	now := time.Now()
	m.mu.RLock()
	entry, found := m.known[w.Tenant][w.FunctionName]
	changes := m.changes
	m.mu.RUnlock()
	if found && now.Before(entry.until) {
		return entry
	}
	f, err := m.db.Function(ctx, w.Tenant, w.FunctionName)
	switch {
	case err != nil && (!found || model.CodeOf(err) == model.CodeFunctionNotFound):
		return knownMode{mode: model.InputRequest}
	case err == nil && (!found || !bytes.Equal(entry.schema, f.InputSchema)):
		entry = knownMode{
			schema: f.InputSchema, mode: ModeFor(f.InputSchema),
			declared: sync.OnceValue(func() *payload.Declared { return payload.DeclaredBy(f.InputSchema) }),
		}
	}
	entry.until = now.Add(modeAge)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.changes != changes {
		return entry // functions were changed meanwhile: don't keep it
	}
	if m.known[w.Tenant] == nil {
		m.known[w.Tenant] = make(map[string]knownMode)
	}
	m.known[w.Tenant][w.FunctionName] = entry
	return entry
}

// requestMembers are those by which a schema shows that it describes a
// request.
var requestMembers = []string{"body", "headers", "query", "path_params", "method"}

// ModeFor applies the contract's rule for mode auto to a function's input
// schema, nil for none.
func ModeFor(inputSchema []byte) model.InputMode {
	shape := schema.Shape(inputSchema)
	if !shape.AllowsObject {
		return model.InputBody
	}
	named := 0
	for _, name := range shape.Properties {
		if slices.Contains(requestMembers, name) {
			named++
		}
	}
	onlyBody := len(shape.Properties) == 1 && shape.Properties[0] == "body"
	if len(shape.Properties) == 0 || named >= 2 || onlyBody {
		return model.InputRequest
	}
	return model.InputBody
}
