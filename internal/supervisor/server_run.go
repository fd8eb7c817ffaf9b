package supervisor

import (
	"context"
	"log/slog"
	"os"
	"syscall"
	"time"
)

// The pauses before a server is started again that ended soon after its start: none
// at first, then from firstPause, twice as long each time, to longestPause.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second
)

// run is one Run of a Supervisor; its goroutine alone uses it.
//
//	starting → serving → ended → pausing → starting …
//	any of them → stopping (a signal) → over
//	starting, the first time → over (it ended)
type run struct {
	*Supervisor
	ctx     context.Context
	signals <-chan os.Signal

	served   bool // a server has been ready
	stopping bool // a signal has come, or ctx has ended
	soon     int  // how many servers in a row ended soon
	restarts int
	err      error // of Run
}

// keepsOn runs one server to its end, and reports whether another one follows.
func (r *run) keepsOn() bool {
	began := time.Now()
	p, err := r.start(r.restarts)
	if err != nil {
		return r.follows(err, 0)
	}
	r.setCurrent(p)
	again := r.attend(p, began)
	r.setCurrent(nil)
	_ = p.orders.Close()
	endLeftovers(r.opts.Own)
	if !again {
		return false
	}
	return r.follows(p.end(), time.Since(began))
}

// attend waits for the end of a server. It reports false when err says how Run ends.
func (r *run) attend(p *process, began time.Time) bool {
	ready, ctx := p.ready, r.ctx.Done()
	for {
		select {
		case <-ready:
			ready = nil
			r.noteReady(time.Since(began))
		case <-p.ended:
			return true
		case err := <-r.failed:
			kill(p)
			<-p.ended
			r.err = err
			return false
		case <-ctx:
			ctx = nil
			r.stop(p, syscall.SIGTERM)
		case received := <-r.signals:
			switch {
			case received == r.opts.ResumeSignal:
				r.Resume()
			case r.stopping:
				kill(p)
				<-p.ended
				r.err = SecondSignal{received}
				return false
			default:
				r.stop(p, received)
			}
		}
	}
}

func (r *run) noteReady(took time.Duration) {
	defer notifyManager(r.opts.Log, stateReady)
	if !r.served {
		r.served = true
		r.opts.Ready()
		return
	}
	r.opts.Log.Info("the server serves again", slog.Int("restarts", r.restarts), slog.Duration("took", took.Round(time.Millisecond)))
}

// stop passes a signal on to the server, and takes no more connections for another.
func (r *run) stop(p *process, received os.Signal) {
	r.stopping = true
	notifyManager(r.opts.Log, stateStopping)
	r.closeListener()
	_ = p.cmd.Process.Signal(received)
}

// follows decides after the end of a server whether another one is started, and
// waits until it may be.
func (r *run) follows(end error, lived time.Duration) bool {
	if r.stopping || !r.served {
		r.err = end
		return false
	}
	notifyManager(r.opts.Log, stateAway)
	pause := r.pause(lived)
	r.restarts++
	r.opts.Log.Error("the server ended by itself and is started again", describe(end),
		slog.Duration("lived", lived.Round(time.Millisecond)), slog.Duration("pause", pause), slog.Int("restarts", r.restarts))
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return true
		case r.err = <-r.failed:
			return false
		case <-r.ctx.Done():
			return false
		case received := <-r.signals:
			if received != r.opts.ResumeSignal {
				return false
			}
			r.Resume()
		}
	}
}

// pause is how long the next start waits.
func (r *run) pause(lived time.Duration) time.Duration {
	if lived >= quickLife {
		r.soon = 0
	}
	r.soon++
	if r.soon == 1 {
		return 0
	}
	return min(firstPause<<min(r.soon-2, 10), longestPause)
}
