package auth

import (
	"context"
	"strconv"
	"time"

	"golang.org/x/sync/singleflight"

	"maestro/internal/model"
)

// answers caches the principals of tokens, and lets concurrent calls with the
// same token share one request.
type answers struct {
	cache   cache
	flights singleflight.Group
}

// ask returns the principal of a token that is not in the cache, and caches it
// until expiry at most (zero: not known). The request has its own time limit: it
// continues for other calls when a caller disconnects. After a forget a new
// request is made.
func (a *answers) ask(ctx context.Context, key tokenHash, generation uint64, expiry time.Time,
	question func(context.Context) (*Principal, error),
) (*Principal, error) {
	flight := a.flights.DoChan(string(key[:])+strconv.FormatUint(generation, 10), func() (any, error) {
		// A request may have ended after the caller has read the cache.
		if p, now := a.cache.get(key, time.Now()); p != nil && now == generation {
			return p, nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), censusTimeout)
		defer cancel()
		p, err := question(ctx)
		if err == nil {
			a.cache.put(key, p, generation, time.Now(), expiry)
		}
		return p, err
	})
	select {
	case answer := <-flight:
		if answer.Err != nil {
			return nil, answer.Err
		}
		return answer.Val.(*Principal), nil
	case <-ctx.Done():
		return nil, &model.Error{Code: model.CodeUnavailable, Detail: "Your token could not be checked in time. Try again.", Cause: ctx.Err()}
	}
}
