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

// modeAge is how long an entry is valid. It limits the delay of a change made on
// another server whose notification is lost.
const modeAge = time.Second

// inputModes caches the form of input that the functions of webhooks expect, and
// the types that they declare for the text of forms and queries. It makes at most
// one query per function and second.
type inputModes struct {
	db *repo.DB

	mu      sync.RWMutex
	known   map[string]map[string]knownMode // subtenant → function; guarded by mu
	changes uint64                          // counts calls of forget; guarded by mu
}

type knownMode struct {
	schema   []byte
	mode     model.InputMode
	declared func() *payload.Declared // parses the schema at the first call
	until    time.Time
}

func newInputModes(db *repo.DB) *inputModes {
	return &inputModes{db: db, known: make(map[string]map[string]knownMode)}
}

// forget drops the entries of a subtenant.
func (m *inputModes) forget(tenant string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.known, tenant)
	m.changes++
}

// effective is the form in which the function of a webhook gets its input. It is
// a request when the function can't be read now: running it fails with the proper
// error.
func (m *inputModes) effective(ctx context.Context, w *model.Webhook) model.InputMode {
	if w.InputMode != model.InputAuto {
		return w.InputMode
	}
	return m.of(ctx, w).mode
}

// declared has the types that the input schema of the function declares; nil
// without a schema, or when it can't be read now.
func (m *inputModes) declared(ctx context.Context, w *model.Webhook) *payload.Declared {
	if entry := m.of(ctx, w); entry.declared != nil {
		return entry.declared()
	}
	return nil
}

// of is the entry of the function of a webhook.
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
		return entry // functions were changed meanwhile: the entry may be out of date
	}
	if m.known[w.Tenant] == nil {
		m.known[w.Tenant] = make(map[string]knownMode)
	}
	m.known[w.Tenant][w.FunctionName] = entry
	return entry
}

// requestMembers are the members by which a schema shows that it describes a
// request.
var requestMembers = []string{"body", "headers", "query", "path_params", "method"}

// ModeFor applies the rule of mode auto to the input schema of a function, which
// may be nil.
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
