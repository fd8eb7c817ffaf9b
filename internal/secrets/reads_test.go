package secrets

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/service"
	"maestro/internal/service/servicetest"
	"maestro/repo"
)

func lastRead(t *testing.T, db *repo.DB, name string) *time.Time {
	t.Helper()
	all, _, err := db.ListSecrets(t.Context(), "acme", repo.Page{})
	require.NoError(t, err)
	for i := range all {
		if all[i].Name == name {
			return all[i].LastReadAt
		}
	}
	require.Fail(t, "there is no such secret")
	return nil
}

func lastReader(t *testing.T, db *repo.DB, name string) string {
	t.Helper()
	all, _, err := db.ListSecrets(t.Context(), "acme", repo.Page{})
	require.NoError(t, err)
	for i := range all {
		if all[i].Name == name && all[i].LastReadBy != nil {
			return *all[i].LastReadBy
		}
	}
	return ""
}

func TestTheReaderOfAMinuteIsWritten(t *testing.T) {
	t.Parallel()
	k, db := setup(t)
	require.NoError(t, k.Put(t.Context(), "acme", "READ", "swordfish-1"))
	_, found := of(t, k).Read("READ", "invoice")
	require.True(t, found)
	require.NoError(t, k.WriteReads(t.Context()))
	require.Equal(t, "invoice", lastReader(t, db, "READ"))
	read := of(t, k).values["READ"].read
	read.set(time.Now(), "another")
	read.set(time.Now().Add(time.Minute), "pay")
	require.NoError(t, k.WriteReads(t.Context()))
	require.Equal(t, "pay", lastReader(t, db, "READ"))
	read.set(time.Now().Add(time.Hour), "") // for a signature
	require.NoError(t, k.WriteReads(t.Context()))
	require.Empty(t, lastReader(t, db, "READ"))
}

func TestLastReadsAreWritten(t *testing.T) {
	t.Parallel()
	k, db := setup(t)
	require.NoError(t, k.WriteReads(t.Context()))
	require.NoError(t, k.Put(t.Context(), "acme", "READ", "swordfish-1"))
	require.NoError(t, k.Put(t.Context(), "acme", "UNREAD", "swordfish-2"))
	before := time.Now().Truncate(time.Minute)
	_, found := of(t, k).Value("READ")
	require.True(t, found)
	_, found = of(t, k).Value("MISSING")
	require.False(t, found)
	require.Nil(t, lastRead(t, db, "READ"), "a read itself writes nothing")
	require.NoError(t, k.Put(t.Context(), "acme", "READ", "swordfish-3"))
	require.NoError(t, k.WriteReads(t.Context()))
	read := lastRead(t, db, "READ")
	require.NotNil(t, read, "also with another value since")
	require.False(t, read.Before(before))
	require.False(t, read.After(time.Now()))
	require.Equal(t, read.Truncate(time.Minute), *read)
	require.Nil(t, lastRead(t, db, "UNREAD"))

	// A stored read is not written again, and an older read is not written at all.
	require.NoError(t, db.DeleteSecret(t.Context(), "acme", "READ"))
	require.NoError(t, db.PutSecret(t.Context(), "acme", "READ", []byte("x")))
	require.NoError(t, k.WriteReads(t.Context()))
	require.Nil(t, lastRead(t, db, "READ"))
	of(t, k).values["READ"].read.set(time.Now().Add(-time.Hour), "")
	require.NoError(t, k.WriteReads(t.Context()))
	require.Nil(t, lastRead(t, db, "READ"))
	of(t, k).values["READ"].read.set(time.Now().Add(time.Hour), "")
	require.NoError(t, k.WriteReads(t.Context()))
	require.NotNil(t, lastRead(t, db, "READ"))
}

func TestLastReadsOutliveAFailure(t *testing.T) {
	t.Parallel()
	k, db := setup(t)
	require.NoError(t, k.Put(t.Context(), "acme", "KEY", "swordfish-1"))
	of(t, k).Value("KEY")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, k.WriteReads(ended))
	require.Nil(t, lastRead(t, db, "KEY"))
	require.NoError(t, k.Start(t.Context()))
	require.NoError(t, k.Stop(t.Context()))
	require.NotNil(t, lastRead(t, db, "KEY"), "a stop writes the rest")
}

func TestKeeperLifeCycle(t *testing.T) {
	t.Parallel()
	_, db := setup(t)
	servicetest.Stress(t, func(t *testing.T) service.Service { return keeper(t, db, "a key of the tests") })
}

// A read is on the path of runs: it takes no memory.
func TestAReadTakesNoMemory(t *testing.T) {
	set := NewSet(map[string]string{"KEY": "swordfish-1"})
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		if value, found := set.Value("KEY"); !found || value == "" {
			t.Fatal("the value is there")
		}
	}))
}

// BenchmarkValue: many threads read one secret. Compare the rows: noting the read is
// what the second has besides.
func BenchmarkValue(b *testing.B) {
	set := NewSet(map[string]string{"KEY": "swordfish-1"})
	b.Run("lookup alone", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_ = set.values["KEY"].text
			}
		})
	})
	b.Run("with the read noted", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_, _ = set.Value("KEY")
			}
		})
	})
}
