package wake_test

import (
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"maestro/internal/wake"
)

func TestManyNotificationsAreOne(t *testing.T) {
	t.Parallel()
	s := wake.New()
	var all sync.WaitGroup
	for range 8 {
		all.Go(s.Notify)
	}
	all.Wait()
	<-s
	require.Empty(t, s)
}

func TestNotificationWakesAWaitingReceiver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, woken := wake.New(), false
		go func() {
			<-s
			woken = true
		}()
		synctest.Wait()
		require.False(t, woken)
		s.Notify()
		synctest.Wait()
		require.True(t, woken)
	})
}
