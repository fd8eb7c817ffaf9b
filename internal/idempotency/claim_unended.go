package idempotency

import (
	"context"
	"log/slog"
	"time"

	"maestro/repo"
)

// endAgain is the pause between two tries to end claims in the database.
const endAgain = 250 * time.Millisecond

// unended is a claim that has ended on this server but not in the database.
type unended struct {
	claim *Claim
	end   func(context.Context) error
}

// endLater ends a claim on this server, and in the database once it is available:
// until then the claim is renewed, so that no repeat runs the request again.
// Repeats on this server get the answer; without one they wait for the database.
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

// endUnended ends claims in the database, until the database is unavailable.
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
