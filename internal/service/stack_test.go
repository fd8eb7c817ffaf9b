package service_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/service"
)

func TestStackStopsTheLastFirst(t *testing.T) {
	t.Parallel()
	var stopped []string
	stop := func(part string, err error) func(context.Context) error {
		return func(ctx context.Context) error {
			_, limited := ctx.Deadline()
			require.True(t, limited)
			require.NoError(t, ctx.Err())
			stopped = append(stopped, part)
			return err
		}
	}
	failure := errors.New("it hangs")
	var stack, aside service.Stack
	stack.Push("database", time.Minute, stop("database", nil))
	aside.Push("threads", time.Minute, stop("threads", nil))
	aside.Push("interpreters", time.Minute, stop("interpreters", failure))
	stack.PushAll(&aside)
	stack.Push("listener", time.Minute, stop("listener", nil))
	reported := map[string]error{}
	for range 2 { // the second time there is nothing left
		aside.Stop(nil)
		stack.Stop(func(part string, err error) { reported[part] = err })
	}
	require.Equal(t, []string{"listener", "interpreters", "threads", "database"}, stopped)
	require.Equal(t, map[string]error{"interpreters": failure}, reported)
}
