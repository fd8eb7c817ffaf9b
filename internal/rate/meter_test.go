package rate

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// TestOutputPerSecond: a megabyte at once, and from then on a megabyte each second.
func TestOutputPerSecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var m Meter
		m.began.Store(int64(time.Since(epoch)))
		admitted := func() (lines int) {
			for m.Admits(1000 - perLine) {
				lines++
			}
			return lines
		}
		require.Equal(t, PerSecond/1000, admitted())
		for range 3 {
			time.Sleep(time.Second - 1)
			require.Zero(t, admitted())
			time.Sleep(1)
			require.Equal(t, PerSecond/1000, admitted())
		}
	})
}

func TestOmission(t *testing.T) {
	t.Parallel()
	var o Omission
	require.Zero(t, o.Take())
	o.Add(10)
	o.Add(5)
	require.Equal(t, model.Omission{Lines: 2, Bytes: 15}, o.Take())
	require.Zero(t, o.Take())
}
