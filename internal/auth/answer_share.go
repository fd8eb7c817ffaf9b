package auth

import (
	"context"
	"strconv"
	"time"

	"golang.org/x/sync/singleflight"

	"maestro/internal/model"
)

// answers keeps what was found out about tokens, and lets calls that need the
// same answer at the same time wait for one question.
type answers struct {
	cache   cache
	flights singleflight.Group
}

// ask returns the answer to a question that cache.get just could not answer,
// and keeps a good one until expiry at most (zero: not known). The question
// has time of its own: a caller that goes away does not take it from those who
// wait with it. After a forget the question is another one.
func (a *answers) ask(ctx context.Context, key tokenHash, generation uint64, expiry time.Time,
	question func(context.Context) (*Principal, error),
) (*Principal, error) {
	flight := a.flights.DoChan(string(key[:])+strconv.FormatUint(generation, 10), func() (any, error) {
		// A flight may have ended between the caller's look and its joining.
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
		return nil, &model.Error{Code: model.CodeUnavailable, Detail: "Who you are could not be found out in time; try again.", Cause: ctx.Err()}
	}
}
