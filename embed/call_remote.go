package embed

import (
	"context"

	"maestro/internal/model"
)

// What follows is for a process whose calls come from another one, which compiles the
// programs and numbers the calls.

// CallNumbered is Call for a call that has a number already, by which Options.OnStop
// and the marker of a crash name it. A number is given once in a process, and all calls
// of the process have one. It is less than 1<<44.
func (h *Host) CallNumbered(ctx context.Context, mc model.Call, number uint64) (model.Outcome, error) {
	return h.call(ctx, newCallNumbered(mc, number))
}

// Adopt makes a program usable that another process has compiled, under the key that
// it has there. The caller keeps it as long as calls may name it.
func Adopt(p *model.Program) { process.adopt(p) }

func (r *registry) adopt(p *model.Program) {
	r.programMu.Lock()
	defer r.programMu.Unlock()
	r.note(p)
}
