package events

import (
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// EmbeddedStreamBytes is what the logs may hold in the embedded Redis, by our
// account of them (Options.StreamBytes).
const EmbeddedStreamBytes = 64 << 20

// EmbeddedRedis is a small Redis inside this process, for a server that was
// given none. What it holds is gone when the process ends.
type EmbeddedRedis struct {
	server *miniredis.Miniredis
	url    string
	stop   func()
	done   chan struct{}
}

// Embedded starts one on a free port of the loopback interface, behind a
// password of its own: on a machine with other users the port is open to them.
func Embedded() (*EmbeddedRedis, error) {
	server := miniredis.NewMiniRedis()
	password := rand.Text()
	server.RequireAuth(password)
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("start the embedded Redis: %w", err)
	}
	stop := make(chan struct{})
	e := &EmbeddedRedis{
		server: server,
		url:    "redis://:" + password + "@" + server.Addr() + "/0",
		stop:   sync.OnceFunc(func() { close(stop) }),
		done:   make(chan struct{}),
	}
	go e.age(stop)
	return e, nil
}

// URL is its address, password included: not for the log.
func (e *EmbeddedRedis) URL() string { return e.url }

// Close ends it. Closing twice does nothing.
func (e *EmbeddedRedis) Close() {
	e.stop()
	<-e.done
	e.server.Close()
}

// age makes time pass: this Redis counts its expiries down only when told to.
func (e *EmbeddedRedis) age(stop <-chan struct{}) {
	defer close(e.done)
	const step = 10 * time.Second
	tick := time.NewTicker(step)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			e.server.FastForward(step)
		case <-stop:
			return
		}
	}
}
