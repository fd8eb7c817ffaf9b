package model_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

func TestLock(t *testing.T) {
	t.Parallel()
	lock := model.Lock{
		{Name: "a", Version: "1", SHA256: "aa", Needs: []string{"b"}},
		{Name: "b", Version: "1", SHA256: "bb", Needs: []string{"a", "c"}}, // a circle
		{Name: "c", Version: "1", SHA256: "cc"},
		{Name: "d", Version: "1", SHA256: "dd", Needs: []string{"c"}},
	}
	names := func(l model.Lock) (all []string) {
		for _, p := range l {
			all = append(all, p.Name)
		}
		return all
	}
	require.Equal(t, "c", lock.Find("c").Name)
	require.Nil(t, lock.Find("bb"))
	require.Equal(t, []string{"a", "b", "c"}, names(lock.Reach("a")))
	require.Equal(t, []string{"c", "d"}, names(lock.Reach("d", "unknown")))
	require.Empty(t, lock.Reach())

	require.Equal(t, lock[2:].Digest(), model.Lock{lock[2], lock[3]}.Digest())
	require.NotEqual(t, lock.Digest(), lock[1:].Digest())
	changed := model.Lock{lock[0], lock[1], lock[2], {Name: "d", Version: "1", SHA256: "ee"}}
	require.NotEqual(t, lock.Digest(), changed.Digest())
	require.False(t, lock.Equal(changed))

	// With another extra, a package needs others of the same wheels.
	extra := model.Lock{lock[0], lock[1], {Name: "c", Version: "1", SHA256: "cc", Needs: []string{"d"}, Notes: []string{"c._fast refuses."}}, lock[3]}
	require.Equal(t, lock.Digest(), extra.Digest())
	require.False(t, lock.Equal(extra))
	require.Equal(t, []string{"c._fast refuses."}, extra.Reach("a").Notes())
	require.True(t, lock.Equal(model.Lock{lock[0], lock[1], {Name: "c", Version: "1", SHA256: "cc", Needs: []string{}}, lock[3]}))
}
