package main

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"

	"maestro/lane/confine"
)

// probeConfinement finds out what confines the children of the process lane on
// this machine, and refuses to start without what PROCESS_LANE_REQUIRE names.
func (p *parts) probeConfinement(ctx context.Context) (err error) {
	if p.confined, err = confine.Probe(ctx, filepath.Join(p.cfg.DataDir, "files")); err != nil {
		return err
	}
	if err := p.confined.Require(p.cfg.ProcessLaneRequire); err != nil {
		return err
	}
	var holds, missing []string
	for _, finding := range p.confined.Findings {
		if finding.Holds {
			holds = append(holds, string(finding.Measure))
		} else {
			missing = append(missing, string(finding.Measure)+" ("+finding.Detail+")")
		}
	}
	p.log.Info("the process lane is confined", slog.String("by", strings.Join(holds, ", ")), slog.String("not_by", strings.Join(missing, ", ")))
	return nil
}

// confinementDetails are what /health tells of each measure. The reasons are in the
// log: they describe the machine.
func (p *parts) confinementDetails() map[string]string {
	details := map[string]string{}
	for _, finding := range p.confined.Findings {
		details[string(finding.Measure)] = "missing"
		if finding.Holds {
			details[string(finding.Measure)] = "holds"
		}
	}
	return details
}
