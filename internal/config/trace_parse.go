package config

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// samplers are the values of OTEL_TRACES_SAMPLER.
var samplers = []string{"always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"}

func setSampler(to *string, v string) error {
	if !slices.Contains(samplers, v) {
		return fmt.Errorf("must be one of %s, not %q", strings.Join(samplers, ", "), v)
	}
	*to = v
	return nil
}

func setCompression(gzip *bool, v string) error {
	if v != "none" && v != "gzip" {
		return fmt.Errorf("must be none or gzip, not %q", v)
	}
	*gzip = v == "gzip"
	return nil
}

func setShare(to *float64, v string) error {
	share, err := strconv.ParseFloat(v, 64)
	if err != nil || !(share >= 0 && share <= 1) {
		return fmt.Errorf("must be a number from 0 to 1, not %q", v)
	}
	*to = share
	return nil
}

func setPairs(to *Secret, v string) error {
	if _, err := Pairs(Secret(v)); err != nil {
		return err
	}
	*to = Secret(v)
	return nil
}

// Pairs reads name=value,… as OpenTelemetry has it: values are percent-encoded. The
// error shows no value.
func Pairs(text Secret) (map[string]string, error) {
	pairs := map[string]string{}
	for _, part := range splitList(string(text)) {
		name, value, found := strings.Cut(part, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if name = strings.TrimSpace(name); !found || name == "" || err != nil {
			return nil, errors.New("must be name=value pairs separated by commas, with percent-encoded values")
		}
		pairs[name] = value
	}
	return pairs, nil
}
