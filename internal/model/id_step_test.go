package model_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// TestStepIDsSortInStartOrder: and carry the time of their execution.
func TestStepIDsSortInStartOrder(t *testing.T) {
	t.Parallel()
	execution := model.NewIDAt(time.Now())
	last := model.FirstIDOf(execution.Time()).String()
	for _, attempt := range []int{1, 2, 17, 4095} {
		for _, position := range []int{1, 2, 255, 256, 100_000, 10_000_000} {
			id := model.StepID(execution, attempt, position)
			require.Greater(t, id.String(), last, "%d, %d", attempt, position)
			require.Regexp(t, "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", id.String())
			require.Equal(t, execution.Time(), id.Time())
			last = id.String()
		}
	}
	require.NotEqual(t, model.StepID(execution, 1, 1), model.StepID(model.NewIDAt(execution.Time()), 1, 1))
}
