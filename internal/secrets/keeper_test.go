package secrets

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit"
	"maestro/internal/vault"
	"maestro/repo"
)

func setup(t *testing.T) (*Keeper, *repo.DB) {
	t.Helper()
	db := testkit.DB(t)
	_, err := db.EnsureSubtenant(t.Context(), "acme")
	require.NoError(t, err)
	return keeper(t, db, "a key of the tests"), db
}

func keeper(t *testing.T, db *repo.DB, key string) *Keeper {
	t.Helper()
	v, err := vault.New([]byte(key), vault.Secrets)
	require.NoError(t, err)
	return New(db, v, testkit.Logger(t))
}

func of(t *testing.T, k *Keeper) *Set {
	t.Helper()
	set, err := k.Of(t.Context(), "acme")
	require.NoError(t, err)
	return set
}

func TestSecretsAreKept(t *testing.T) {
	t.Parallel()
	k, db := setup(t)
	require.Nil(t, of(t, k).Mask(), "nothing to mask costs nothing")
	require.NoError(t, k.Put(t.Context(), "acme", "KEY", "swordfish-1"))
	value, found := of(t, k).Value("KEY")
	require.True(t, found)
	require.Equal(t, "swordfish-1", value)
	require.Same(t, of(t, k), of(t, k), "read once")
	sealed, err := db.SealedSecrets(t.Context(), "acme")
	require.NoError(t, err)
	require.NotContains(t, string(sealed["KEY"]), "swordfish")

	require.NoError(t, k.Delete(t.Context(), "acme", "KEY"))
	_, found = of(t, k).Value("KEY")
	require.False(t, found)
	require.Equal(t, model.CodeSecretNotFound, model.CodeOf(k.Delete(t.Context(), "acme", "KEY")))
	var none *Set
	_, found = none.Value("KEY")
	require.False(t, found)
	require.Nil(t, none.Mask())
	require.Nil(t, k.Mask("missing"))
}

func TestFormerValuesStayMaskedForADay(t *testing.T) {
	t.Parallel()
	k, _ := setup(t)
	for _, value := range []string{"the-first-value", "the-second-value"} {
		require.NoError(t, k.Put(t.Context(), "acme", "KEY", value))
	}
	require.Equal(t, "*** and ***", k.Mask("acme").Text("the-first-value and the-second-value"))
	require.NoError(t, k.Delete(t.Context(), "acme", "KEY"))
	set := of(t, k)
	require.Equal(t, "*** and ***", set.Mask().Text("the-first-value and the-second-value"))
	day := set.follow(map[string]string{}, time.Now().Add(keepFormer))
	require.Nil(t, day.Mask())
	again := set.follow(map[string]string{"KEY": "the-first-value"}, time.Now())
	require.Len(t, again.former, 1, "a value that is one again is not former")
}

func TestAChangeElsewhereIsReadWhenToldOf(t *testing.T) {
	t.Parallel()
	here, db := setup(t)
	there := keeper(t, db, "a key of the tests")
	require.NoError(t, here.Put(t.Context(), "acme", "KEY", "the-first-value"))
	_, found := of(t, there).Value("KEY")
	require.True(t, found)
	require.NoError(t, here.Put(t.Context(), "acme", "KEY", "the-second-value"))
	value, _ := of(t, there).Value("KEY")
	require.Equal(t, "the-first-value", value, "the change was not reported")
	there.Changed("acme")
	value, _ = of(t, there).Value("KEY")
	require.Equal(t, "the-second-value", value)
}

func TestWhatCannotBeOpenedIsLeftOut(t *testing.T) {
	t.Parallel()
	k, db := setup(t)
	require.NoError(t, k.Put(t.Context(), "acme", "WHOLE", "a value that is whole"))
	require.NoError(t, db.PutSecret(t.Context(), "acme", "DAMAGED", []byte("no sealed value")))
	k.Changed("acme")
	_, whole := of(t, k).Value("WHOLE")
	_, damaged := of(t, k).Value("DAMAGED")
	require.Equal(t, []bool{true, false}, []bool{whole, damaged})
}

func TestWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	k, db := setup(t)
	require.NoError(t, k.Put(t.Context(), "acme", "KEY", "swordfish-1"))
	db.Close()
	k.Changed("acme")
	value, _ := of(t, k).Value("KEY")
	require.Equal(t, "swordfish-1", value, "the last known value")
	_, err := k.Of(t.Context(), "unknown")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "swordfish")
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	k, _ := setup(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			name := strings.Repeat("K", i+1)
			for range 5 {
				if err := k.Put(context.Background(), "acme", name, "the-value-of-"+name); err != nil {
					t.Error(err)
				}
				set, err := k.Of(context.Background(), "acme")
				if value, found := set.Value(name); err != nil || !found || value != "the-value-of-"+name {
					t.Errorf("%s: %q, %v", name, value, err)
				}
			}
		})
	}
	all.Wait()
}
