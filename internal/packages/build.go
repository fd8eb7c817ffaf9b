package packages

import (
	"context"
	"fmt"
	"slices"

	"maestro/internal/model"
	"maestro/internal/packages/probe"
)

// build creates the next environment's folder and imports its new modules. The
// returned lock may have other wheels of the same versions, says which packages need
// the process lane, and has notes about that and about parts that do not work.
func (m *Manager) build(ctx context.Context, now *model.Environment, lock model.Lock, log func(string)) (model.Lock, error) {
	next := model.Environment{Tenant: now.Tenant, Number: now.Number + 1, Lock: lock}
	moves := model.PackagesDecide(now.LaneSetting, m.opts.DefaultLane)
	findings, refused, err := m.opts.Make(ctx, &next, now.Lock, moves, log)
	if err != nil {
		return nil, fmt.Errorf("build environment %d of %s: %w", next.Number, next.Tenant, err)
	}
	if refused != nil && !moves {
		return nil, model.NewError(model.CodePackageUnsupported,
			`%s It may work in the process lane, which an administrator can choose: PUT /api/v1/subtenants/%s {"lane": "process"}`, refused.String(), next.Tenant)
	}
	if refused != nil {
		return nil, model.NewError(model.CodePackageUnsupported, "%s", refused.String())
	}
	noted := slices.Clone(next.Lock)
	note := func(name, text string) {
		at := slices.IndexFunc(noted, func(p model.LockedPackage) bool { return p.Name == name })
		if text = storable(text); at >= 0 && len(noted[at].Notes) < mostNotes && !contains(noted[at].Notes, text) {
			noted[at].Notes = append(slices.Clone(noted[at].Notes), text)
		}
	}
	for _, p := range next.Lock {
		if before := now.Lock.Find(p.Name); p.NeedsProcess != "" && (before == nil || before.NeedsProcess != p.NeedsProcess) {
			text := "The package " + p.Name + " needs the process lane: " + p.NeedsProcess + "."
			log(text)
			note(p.Name, text)
		}
	}
	for _, f := range findings {
		if f.Kind != probe.OK {
			log(f.String())
			note(f.Package, f.String())
		}
	}
	before, after := model.ChooseLane(now.LaneSetting, m.opts.DefaultLane, now.Lock), model.ChooseLane(now.LaneSetting, m.opts.DefaultLane, noted)
	if before.Lane != after.Lane {
		log(fmt.Sprintf("From the next call on, the functions of this subtenant run in the %s lane: %s.", after.Lane, after.Reason))
	}
	return noted, nil
}

// mostNotes bounds the notes of one package in a lock.
const mostNotes = 20
