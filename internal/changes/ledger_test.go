package changes

import (
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/repo"
)

func TestLedger(t *testing.T) {
	t.Parallel()
	a := func(n int64) repo.Change { return repo.Change{Tenant: "a", Kind: repo.FunctionsChanged, Number: n} }
	b := func(n int64) repo.Change { return repo.Change{Tenant: "b", Kind: repo.FunctionsChanged, Number: n} }
	var l ledger
	require.True(t, l.isNews(a(3)))
	require.False(t, l.isNews(a(3)), "told twice")
	require.False(t, l.isNews(a(2)), "overtaken")
	require.True(t, l.isNews(a(4)))
	require.True(t, l.isNews(b(1)))
	require.EqualValues(t, 5, l.sum)

	require.Equal(t, []repo.Change{b(2)}, l.differing([]repo.Change{a(4), b(2)}))
	require.EqualValues(t, 6, l.sum)
	require.Equal(t, []repo.Change{a(1), b(0)}, l.differing([]repo.Change{a(1)}), "restored to an earlier state")
	require.EqualValues(t, 1, l.sum)
	require.True(t, l.isNews(b(1)))
	require.Empty(t, l.differing([]repo.Change{b(1), a(1)}))
}
