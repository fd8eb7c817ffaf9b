package idempotency

import (
	"context"
	"log/slog"
	"time"

	"maestro/repo"
)

// endAgain is the pause between two tries to tell the database of ends.
const endAgain = 250 * time.Millisecond

// unended is a claim that is over here, while the database still has it as held.
type unended struct {
	claim *Claim
	end   func(context.Context) error
}

// endLater ends a claim on this server, and in the database once that is back:
// until then the claim is kept and renewed, so that no repeat runs what has run.
// Repeats that come here get the answer; with none they wait for the database.
func (g *Gate) endLater(c *Claim, answer *Answer, end func(context.Context) error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if answer == nil {
		if g.held[c.place] == c {
			delete(g.held, c.place)
		}
	} else {
		c.answer = answer
	}
	close(c.over)
	g.unended = append(g.unended, unended{c, end})
	if !g.ending {
		g.ending = true
		time.AfterFunc(endAgain, g.endUnended)
	}
}

// endUnended tells the database of ends, until it is found to be away.
func (g *Gate) endUnended() {
	for {
		g.mu.Lock()
		if len(g.unended) == 0 {
			g.ending = false
			g.mu.Unlock()
			return
		}
		next := g.unended[0]
		g.mu.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), endPatience)
		err := next.end(ctx)
		cancel()
		if repo.IsAway(err) {
			time.AfterFunc(endAgain, g.endUnended)
			return
		}
		if err != nil {
			g.log.Warn("the end of an idempotency key can't be stored; its lease runs out", next.claim.attributes(slog.Any("error", err))...)
		}
		g.mu.Lock()
		g.unended = g.unended[1:]
		if g.held[next.claim.place] == next.claim {
			delete(g.held, next.claim.place)
		}
		g.mu.Unlock()
	}
}
