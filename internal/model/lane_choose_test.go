package model_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

func TestChosenLane(t *testing.T) {
	t.Parallel()
	works := model.Lock{{Name: "httpx"}}
	needs := model.Lock{{Name: "httpx"}, {Name: "numpy", NeedsProcess: "numpy refuses"}}
	const reason = "the package numpy needs the process lane: numpy refuses"
	for name, c := range map[string]struct {
		own, servers model.LaneName
		packages     model.Lock
		want         model.LaneName
		reason       string
	}{
		"nothing set":                    {"", "", nil, model.LaneEmbedded, "no installed package needs the process lane"},
		"auto":                           {model.LaneAuto, model.LaneAuto, works, model.LaneEmbedded, "no installed package needs the process lane"},
		"auto, a package":                {model.LaneAuto, model.LaneAuto, needs, model.LaneProcess, reason},
		"chosen":                         {model.LaneProcess, model.LaneEmbedded, nil, model.LaneProcess, "an administrator chose this lane"},
		"chosen, against the packages":   {model.LaneEmbedded, model.LaneProcess, needs, model.LaneEmbedded, "an administrator chose this lane, in which not all packages work: " + reason},
		"chosen, embedded":               {model.LaneEmbedded, model.LaneProcess, works, model.LaneEmbedded, "an administrator chose this lane"},
		"the server's":                   {model.LaneAuto, model.LaneProcess, works, model.LaneProcess, "this server's DEFAULT_LANE is process"},
		"the server's, embedded":         {model.LaneAuto, model.LaneEmbedded, works, model.LaneEmbedded, "this server's DEFAULT_LANE is embedded"},
		"the server's, against packages": {model.LaneAuto, model.LaneEmbedded, needs, model.LaneEmbedded, "this server's DEFAULT_LANE is embedded, a lane in which not all packages work: " + reason},
	} {
		require.Equal(t, model.LaneChoice{Lane: c.want, Reason: c.reason}, model.ChooseLane(c.own, c.servers, c.packages), name)
	}
	for _, own := range model.LaneSettings {
		for _, servers := range model.LaneSettings {
			moves := model.ChooseLane(own, servers, needs).Lane == model.LaneProcess
			require.Equal(t, moves, model.PackagesDecide(own, servers), "%s, %s", own, servers)
		}
	}
}
