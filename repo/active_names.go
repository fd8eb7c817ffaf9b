package repo

import "context"

// Names are those of what a subtenant has.
type Names struct {
	Functions           map[string]bool
	Webhooks, Schedules map[string]string // by id
}

// NamesOf returns the names of a subtenant's functions, webhooks (method and path) and
// schedules.
func (d *DB) NamesOf(ctx context.Context, tenant string) (Names, error) {
	names := Names{Functions: map[string]bool{}, Webhooks: map[string]string{}, Schedules: map[string]string{}}
	rows, err := d.catalog.ListActiveNames(ctx, tenant)
	for _, r := range rows {
		switch r.Kind {
		case "function":
			names.Functions[r.Name] = true
		case "webhook":
			names.Webhooks[r.ID] = r.Name
		case "schedule":
			names.Schedules[r.ID] = r.Name
		}
	}
	return names, d.fail(err, "list the names of %s", tenant)
}
