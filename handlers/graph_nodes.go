package handlers

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// graphNodes names the nodes of edges, by their ids.
func (s *Server) graphNodes(ctx context.Context, tenant string, edges []graphEdge) ([]graphNode, error) {
	nodes := map[string]*graphNode{}
	node := func(id string) *graphNode {
		if nodes[id] == nil {
			kind, name, _ := strings.Cut(id, ":")
			nodes[id] = &graphNode{ID: id, Kind: kind, Name: name}
		}
		return nodes[id]
	}
	for i := range edges {
		node(edges[i].From)
		node(edges[i].To).Calls += edges[i].Calls
	}
	names, err := s.opts.DB.NamesOf(ctx, tenant)
	if err != nil {
		return nil, err
	}
	for _, n := range nodes {
		switch n.Kind {
		case "function":
			n.Gone = !names.Functions[n.Name]
		case "webhook":
			n.name(names.Webhooks)
		case "schedule":
			n.name(names.Schedules)
		}
	}
	sorted := make([]graphNode, 0, len(nodes))
	for _, id := range slices.Sorted(maps.Keys(nodes)) {
		sorted = append(sorted, *nodes[id])
	}
	return sorted, nil
}

func (n *graphNode) name(names map[string]string) {
	if name, found := names[n.Name]; found {
		n.Name = name
	} else {
		n.Gone = true
	}
}
