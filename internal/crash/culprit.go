package crash

import (
	"context"
	"log/slog"
	"slices"

	"maestro/internal/journal"
	"maestro/internal/model"
	"maestro/repo"
)

// culprit is the code that a marker names.
type culprit struct {
	marker journal.Marker
	run    *journal.Entry // that it ran for; nil: a thread that no run has, or has no longer
	tenant string         // empty: not known
	// versions are those of the subtenant's functions and modules on the stack, the
	// innermost first.
	versions []model.NamedVersion
}

// newCulprit finds the run of a marker.
func newCulprit(marker journal.Marker, runs []journal.Entry) culprit {
	c := culprit{marker: marker, tenant: marker.Owner, versions: marker.Versions()}
	for i := range runs {
		// An interpreter serves one subtenant: a number that does not belong to it is damaged.
		if run := &runs[i]; marker.Ticket != 0 && run.Ticket == marker.Ticket && !run.Started.IsZero() && (c.tenant == "" || c.tenant == run.Tenant) {
			c.run, c.tenant = run, run.Tenant
		}
	}
	return c
}

// message is the error of the culprit's run.
func (c *culprit) message() string {
	text := "the code of this execution ended the server's process: " + c.marker.Cause()
	if len(c.versions) > 0 && c.versions[0].Name != c.run.Function {
		text += ", in the code of " + c.versions[0].Name
	}
	return text
}

// report names the culprit in the log.
func (c *culprit) report(log *slog.Logger) {
	attributes := []any{slog.String("tenant", c.tenant), slog.String("cause", c.marker.Cause())}
	if len(c.versions) > 0 {
		attributes = append(attributes, slog.String("function", c.versions[0].Name), slog.Int("version", c.versions[0].Number))
	}
	if c.run != nil {
		if len(c.versions) == 0 {
			attributes = append(attributes, slog.String("function", c.run.Function), slog.Int("version", c.run.Version))
		}
		attributes = append(attributes, slog.String("execution_id", c.run.ExecutionID.String()), slog.String("outer_function", c.run.Function))
	}
	log.Error("code of a function ended the server that had this data folder before", append(attributes, slog.String("stack", c.marker.Stack))...)
}

// blame blames the function whose code ran: of the outer one and its siblings the
// innermost. A culprit without a subtenant is blamed nowhere.
func (c *culprit) blame(ctx context.Context, db *repo.DB, log *slog.Logger) error {
	if c.tenant == "" {
		return nil
	}
	blame := repo.Blame{Tenant: c.tenant, Versions: c.versions, Cause: c.marker.Cause()}
	if c.run != nil {
		blame.ExecutionID = c.run.ExecutionID
		blame.Versions = append(slices.Clone(c.versions), model.NamedVersion{Name: c.run.Function, Number: c.run.Version})
	}
	blamed, err := db.BlameFunction(ctx, blame)
	if model.CodeOf(err) == model.CodeInvalid { // a fault of ours: it must not keep the server from its work
		log.Error("a function that has ended the server can't be blamed", slog.String("tenant", c.tenant), slog.Any("error", err))
		return nil
	}
	if blamed.Quarantined {
		log.Error("a function is quarantined: its code has ended the server repeatedly. Its calls are refused until it is changed or released",
			slog.String("tenant", c.tenant), slog.String("function", blamed.Function.Name), slog.Int("version", blamed.Function.Number))
	}
	return err
}
