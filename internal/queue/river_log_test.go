package queue

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRiverComplainsOnce(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	log := newRiverLog(slog.New(slog.NewTextHandler(&text, nil)))
	for range 100 {
		log.With("queue", "runs").Error("fetching failed", "err", "away")
		log.Info("started")
	}
	log.Warn("another")
	require.Zero(t, strings.Count(text.String(), "level=ERROR"))
	require.Equal(t, 2, strings.Count(text.String(), "level=WARN"), text.String())
	require.Equal(t, 100, strings.Count(text.String(), "level=INFO"))
}
