package auth_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/auth"
	"maestro/internal/model"
)

func TestChoose(t *testing.T) {
	t.Parallel()
	one := auth.Principal{Tenants: []string{"a"}}
	two := auth.Principal{Tenants: []string{"a", "b"}}
	admin := auth.Principal{Admin: true}
	adminOfA := auth.Principal{Admin: true, Tenants: []string{"a"}}
	for _, test := range []struct {
		name   string
		who    auth.Principal
		wish   string
		tenant string
		code   model.Code
	}{
		{"the only one", one, "", "a", ""},
		{"the only one, named", one, "a", "a", ""},
		{"another's", one, "b", "", model.CodeForbidden},
		{"one of several", two, "b", "b", ""},
		{"several, none named", two, "", "", model.CodeBadRequest},
		{"an admin's own", adminOfA, "", "a", ""},
		{"an admin may name any", adminOfA, "z", "z", ""},
		{"an admin of none must name one", admin, "", "", model.CodeBadRequest},
		{"no subtenant", auth.Principal{}, "", "", model.CodeForbidden},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tenant, err := test.who.Choose(test.wish)
			require.Equal(t, test.tenant, tenant)
			if test.code == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, test.code, model.CodeOf(err))
		})
	}
	_, err := two.Choose("")
	require.ErrorContains(t, err, "a, b", "the list helps to choose")
	require.True(t, adminOfA.Belongs("z"))
	require.False(t, two.Belongs("z"))
}
