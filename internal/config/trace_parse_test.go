package config

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSettingsOfTraces(t *testing.T) {
	t.Parallel()
	c := load(t)
	require.Empty(t, c.TracesAddress(), "there are no traces")
	c = load(t, "OTEL_EXPORTER_OTLP_ENDPOINT=https://collector.example.com:4318/")
	require.Equal(t, "https://collector.example.com:4318/v1/traces", c.TracesAddress())
	c = load(t, "OTEL_EXPORTER_OTLP_ENDPOINT=https://a", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=https://b/own")
	require.Equal(t, "https://b/own", c.TracesAddress())

	pairs, err := Pairs("api-key=a%20b, x = y=z,")
	require.NoError(t, err)
	require.Equal(t, map[string]string{"api-key": "a b", "x": "y=z"}, pairs)
	_, _, err = Load([]string{"OTEL_EXPORTER_OTLP_HEADERS=hunter2", "OTEL_EXPORTER_OTLP_COMPRESSION=zstd", "OTEL_TRACES_SAMPLER=jaeger_remote", "OTEL_TRACES_SAMPLER_ARG=2"}, t.TempDir())
	require.ErrorContains(t, err, "OTEL_EXPORTER_OTLP_HEADERS must be name=value pairs")
	require.ErrorContains(t, err, "OTEL_EXPORTER_OTLP_COMPRESSION must be none or gzip")
	require.ErrorContains(t, err, "OTEL_TRACES_SAMPLER must be one of always_on")
	require.ErrorContains(t, err, "OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1")
	require.NotContains(t, err.Error(), "hunter2")
}
