package deploy

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"

	"maestro/internal/apiclient"
	"maestro/internal/folder"
)

// remote are the items of a server's subtenant.
type remote struct {
	items    folder.Items
	digests  map[folder.Key]string
	versions map[folder.Key]string
}

// lists are the addresses of the items of each kind.
var lists = []struct {
	kind  folder.Kind
	path  string
	query url.Values
}{
	{folder.Function, "/functions", url.Values{"active_only": {"false"}}}, // with those that are switched off
	{folder.Webhook, "/webhooks", url.Values{}},
	{folder.Schedule, "/schedules", url.Values{}},
}

func fetch(ctx context.Context, c *apiclient.Client) (*remote, error) {
	r := &remote{items: folder.Items{}, digests: map[folder.Key]string{}, versions: map[folder.Key]string{}}
	for _, list := range lists {
		shown, err := apiclient.List[map[string]any](ctx, c, list.path, maps.Clone(list.query), 0)
		if err != nil {
			return nil, err
		}
		for _, one := range shown {
			if one["deleted"] == true {
				continue
			}
			key, m := folder.FromServer(list.kind, one)
			r.items[key] = m
			r.digests[key], _ = one["digest"].(string)
			r.versions[key] = fmt.Sprint(one["version"])
		}
	}
	return r, nil
}

// Caller is the caller of a server, as the server sees it.
type Caller struct {
	Email       string `json:"email"`
	SubtenantID string `json:"subtenant_id"`
	Admin       bool   `json:"admin"`
	Version     string `json:"server_version"`
}

// WhoAmI asks the server for the caller.
func WhoAmI(ctx context.Context, c *apiclient.Client) (caller Caller, err error) {
	err = c.Call(ctx, http.MethodGet, "/me", nil, &caller)
	return caller, err
}
