package folder

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMergeOfTexts(t *testing.T) {
	t.Parallel()
	base := "one\ntwo\nthree\nfour\nfive\nsix\n"
	edit := func(old, new string) string { return strings.Replace(base, old, new, 1) }
	for _, c := range []struct {
		name, local, remote, want string
		conflicts                 int
	}{
		{"other lines", edit("one", "ONE"), edit("six", "SIX"), "ONE\ntwo\nthree\nfour\nfive\nSIX\n", 0},
		{"the same change", edit("two", "TWO"), edit("two", "TWO"), edit("two", "TWO"), 0},
		{"the folder alone", edit("two", "TWO"), base, edit("two", "TWO"), 0},
		{"the server alone", base, edit("two", "TWO"), edit("two", "TWO"), 0},
		{"an added line and another's change", edit("one\n", "one\nand a half\n"), edit("five", "FIVE"), "one\nand a half\ntwo\nthree\nfour\nFIVE\nsix\n", 0},
		{"the same line", edit("three", "3"), edit("three", "III"), "one\ntwo\n<<<<<<< folder\n3\n=======\nIII\n>>>>>>> server\nfour\nfive\nsix\n", 1},
		{"two additions at one place", edit("three\n", "three\na\n"), edit("three\n", "three\nb\n"), "one\ntwo\nthree\n<<<<<<< folder\na\n=======\nb\n>>>>>>> server\nfour\nfive\nsix\n", 1},
		{"a deletion and a change of the same line", edit("three\n", ""), edit("three", "III"), "one\ntwo\n<<<<<<< folder\n=======\nIII\n>>>>>>> server\nfour\nfive\nsix\n", 1},
		{"without a last line end", edit("six\n", "6"), edit("six\n", "VI"), "one\ntwo\nthree\nfour\nfive\n<<<<<<< folder\n6\n=======\nVI\n>>>>>>> server\n", 1},
	} {
		got, conflicts := MergeText(base, c.local, c.remote)
		require.Equal(t, c.want, got, c.name)
		require.Equal(t, c.conflicts, conflicts, c.name)
	}
}

// Changes of lines that are apart merge, from either side, to the text with both.
func TestMergeOfRandomTexts(t *testing.T) {
	t.Parallel()
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 2))
		var base, local, remote, both strings.Builder
		for i := range 2 + r.IntN(20) {
			line := fmt.Sprintf("line %d\n", r.IntN(4)) // many are equal
			base.WriteString(line)
			keeper := fmt.Sprintf("keeper %d\n", i) // between two changes
			mine, yours := line, line
			switch r.IntN(4) {
			case 0:
				mine = fmt.Sprintf("mine %d\n", i)
			case 1:
				yours = fmt.Sprintf("yours %d\n", i)
			}
			after := line
			if mine != line {
				after = mine
			} else if yours != line {
				after = yours
			}
			base.WriteString(keeper)
			local.WriteString(mine + keeper)
			remote.WriteString(yours + keeper)
			both.WriteString(after + keeper)
		}
		got, conflicts := MergeText(base.String(), local.String(), remote.String())
		require.Zero(t, conflicts, "seed %d", seed)
		require.Equal(t, both.String(), got, "seed %d", seed)
		got, conflicts = MergeText(base.String(), remote.String(), local.String())
		require.Zero(t, conflicts, "seed %d", seed)
		require.Equal(t, both.String(), got, "seed %d", seed)
	}
}

func TestMergeOfSettings(t *testing.T) {
	t.Parallel()
	key := Key{Function, "f"}
	base := &Base{
		Remote: Members{"name": "f", "kind": "function", "code": "a\n", "description": nil, "tags": []any{}, "requirements": []any{"httpx>=0.27"}, "timeout_seconds": nil, "retry": nil, "max_concurrency": nil, "is_active": true},
		Local:  Members{"name": "f", "code": "a\n", "requirements": []any{"HTTPX >= 0.27"}},
	}
	local := Members{"name": "f", "code": "a\nb\n", "requirements": []any{"HTTPX >= 0.27"}, "tags": []any{"x"}, "max_concurrency": json.Number("2")}
	remote := Members{"name": "f", "kind": "function", "code": "a\n", "description": "new", "tags": []any{"y"}, "requirements": []any{"httpx>=0.27"}, "timeout_seconds": nil, "retry": nil, "max_concurrency": nil, "is_active": false}
	merged, conflicts := Merge(key, base, local, remote)
	require.Equal(t, []Conflict{{Member: "tags", Local: []any{"x"}, Remote: []any{"y"}}}, conflicts)
	require.Equal(t, "a\nb\n", merged["code"])
	require.Equal(t, "new", merged["description"])
	require.Equal(t, false, merged["is_active"])
	require.Equal(t, []any{"HTTPX >= 0.27"}, merged["requirements"], "as the folder spells it")
	require.Equal(t, json.Number("2"), merged["max_concurrency"])
	_, derived := merged["input_schema"]
	require.False(t, derived)
}
