package events

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// newClient makes a client whose waits are short: a Redis that does not
// answer must cost a batch of events and not a minute of them.
func newClient(url string) (*redis.Client, error) {
	quietOnce.Do(func() { redis.SetLogger(quiet{}) })
	o, err := redis.ParseURL(url)
	if err != nil {
		return nil, err
	}
	o.DialTimeout = time.Second
	o.ReadTimeout = 2 * time.Second
	o.WriteTimeout = 2 * time.Second
	o.ContextTimeoutEnabled = true
	o.MaxRetries = -1 // an XADD tried twice may be there twice
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return redis.NewClient(o), nil
}

// The library knows one logger for the whole process and writes to stderr by
// default. We report the one thing that matters, Redis away and back, ourselves.
var quietOnce sync.Once

type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}
