package tracing

import sdk "go.opentelemetry.io/otel/sdk/trace"

// SamplerOf makes the sampler that OpenTelemetry gives this name. share is for
// traceidratio alone.
func SamplerOf(name string, share float64) sdk.Sampler {
	switch name {
	case "parentbased_always_off":
		return sdk.ParentBased(sdk.NeverSample())
	case "parentbased_traceidratio":
		return sdk.ParentBased(sdk.TraceIDRatioBased(share))
	case "always_on":
		return sdk.AlwaysSample()
	case "always_off":
		return sdk.NeverSample()
	case "traceidratio":
		return sdk.TraceIDRatioBased(share)
	default:
		return sdk.ParentBased(sdk.AlwaysSample())
	}
}
