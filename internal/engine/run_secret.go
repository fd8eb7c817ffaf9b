package engine

import (
	"fmt"
	"log/slog"
	"strings"

	"maestro/internal/mask"
	"maestro/internal/model"
	"maestro/internal/secrets"
)

// Secret implements model.Host.
func (r *run) Secret(ref model.StepRef, name string) (string, *model.Raise) {
	r.mu.Lock()
	f, _ := r.place(ref)
	r.mu.Unlock()
	return r.SecretFor(f.Name, name)
}

// SecretFor implements model.SecretSource.
func (r *run) SecretFor(by, name string) (string, *model.Raise) {
	if value, found := r.secrets().Read(name, by); found {
		return value, nil
	}
	return "", &model.Raise{
		Kind: model.RaiseSecret, Name: name,
		Message: fmt.Sprintf("there is no secret named '%s': PUT /api/v1/secrets/{name} stores one", name),
	}
}

// secrets are the subtenant's as they are now. They were read before the run
// began: from then on there are always some to fall back on.
func (r *run) secrets() *secrets.Set {
	set, err := r.engine.opts.Secrets.Of(r.ctx, r.request.Tenant)
	if err != nil { // the subtenant was deleted meanwhile
		r.engine.opts.Log.Warn("a run goes on without its secrets", slog.String("tenant", r.request.Tenant), slog.Any("execution_id", r.id), slog.Any("error", err))
	}
	return set
}

// veil masks the sensitive values of a run: those that came with its request, and
// the subtenant's secrets. The zero veil masks nothing.
type veil struct{ request, secrets *mask.Mask }

// veil masks with every secret of the subtenant, also one that was stored since
// the run began.
func (r *run) veil() veil { return veil{r.headers.Load(), r.secrets().Mask()} }

func (v veil) text(s string) string { return v.secrets.Text(v.request.Text(s)) }

func (v veil) json(value []byte) []byte { return v.secrets.JSON(v.request.JSON(value)) }

// recorded is a value as it goes into the record, masked and then cut, and
// whether it is still whole.
func (v veil) recorded(value []byte) (kept []byte, complete bool) {
	masked := v.json(value)
	kept, cut := model.CutValue(masked, false)
	return kept, !cut && mask.Untouched(masked, value)
}

func (v veil) texts(failure *model.Failure) (message, class, traceback *string) {
	m, c := v.text(failure.Message), v.text(failure.Type)
	message, class = &m, &c
	if failure.Traceback != "" {
		t := v.text(failure.Traceback)
		traceback = &t
	}
	return message, class, traceback
}

var unescapedPointer = strings.NewReplacer("~1", "/", "~0", "~")

// problems returns a masked copy. A pointer names members of the input, which
// may be secrets like everything else in it.
func (v veil) problems(problems []model.Problem) []model.Problem {
	if v.request == nil && v.secrets == nil {
		return problems
	}
	masked := make([]model.Problem, len(problems))
	for i, p := range problems {
		p.Message = v.text(p.Message)
		if plain := unescapedPointer.Replace(p.Pointer); v.text(plain) != plain {
			p.Pointer = v.text(plain)
		}
		masked[i] = p
	}
	return masked
}
