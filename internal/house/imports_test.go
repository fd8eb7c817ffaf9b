package house

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	root       = "../.."
	module     = "maestro/"
	rooms      = "docs/architecture.md"
	everything = "*"
)

// room is a row of the table in docs/architecture.md.
type room struct {
	may    []string
	reason string
}

var (
	tableRow = regexp.MustCompile("(?m)^\\| `([a-z/]+)` \\| (nothing|`[^|]+`) \\| (.+) \\|$")
	quoted   = regexp.MustCompile("`([^`]+)`")
)

func readRooms(t *testing.T) map[string]room {
	t.Helper()
	text, err := os.ReadFile(root + "/" + rooms)
	require.NoError(t, err)
	out := map[string]room{}
	for _, row := range tableRow.FindAllStringSubmatch(string(text), -1) {
		_, twice := out[row[1]]
		require.False(t, twice, "two rows for %s", row[1])
		r := room{reason: row[3]}
		for _, name := range quoted.FindAllStringSubmatch(row[2], -1) {
			r.may = append(r.may, name[1])
		}
		out[row[1]] = r
	}
	require.NotEmpty(t, out, "no table found in %s", rooms)
	return out
}

// pkg is what go list says of a package.
type pkg struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func (p *pkg) room() string { return strings.TrimPrefix(p.ImportPath, module) }

func listPackages(t *testing.T) []pkg {
	t.Helper()
	// The debug tag adds files; none may bring an import that is banned.
	cmd := exec.Command("go", "list", "-e", "-tags", "debug_cpython", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	require.NoError(t, err)
	var all []pkg
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		all = append(all, p)
	}
}

func ours(imports []string) []string {
	var out []string
	for _, path := range imports {
		if name, ok := strings.CutPrefix(path, module); ok {
			out = append(out, name)
		}
	}
	return out
}

func TestRoomsImportOnlyWhatTheyMay(t *testing.T) {
	t.Parallel()
	table := readRooms(t)
	for _, p := range listPackages(t) {
		name := p.room()
		r, ok := table[name]
		if !ok {
			t.Errorf("package %s has no row in %s: say what it is for and what it may import", name, rooms)
			continue
		}
		for _, imported := range ours(p.Imports) {
			if !slices.Contains(r.may, everything) && !slices.Contains(r.may, imported) {
				t.Errorf("%s imports %s and must not. %s is for: %s", name, imported, name, r.reason)
			}
			if imported == "internal/testkit" {
				t.Errorf("%s imports internal/testkit outside its tests", name)
			}
			if strings.HasPrefix(imported, "cmd/") || strings.HasPrefix(imported, "bench") {
				t.Errorf("%s imports %s: nothing imports a program", name, imported)
			}
		}
	}
}

// A permission that is not used would let a dependency in without a decision.
func TestTablePermitsOnlyImportsThatExist(t *testing.T) {
	t.Parallel()
	table := readRooms(t)
	for _, p := range listPackages(t) {
		used := ours(p.Imports)
		for _, permitted := range table[p.room()].may {
			if permitted != everything && !slices.Contains(used, permitted) {
				t.Errorf("%s permits %s to import %s, which it does not: remove the permission", rooms, p.room(), permitted)
			}
		}
	}
}

// A row without its package would be a rule that is never tested.
func TestTableNamesNoRoomThatIsGone(t *testing.T) {
	t.Parallel()
	there := map[string]bool{}
	for _, p := range listPackages(t) {
		there[p.room()] = true
	}
	for name := range readRooms(t) {
		if !there[name] {
			t.Errorf("%s has a row for %s, and there is no such package", rooms, name)
		}
	}
}

// A dependency of internal/model would become one of every room, and the border
// to C must be understandable by itself.
func TestSomeRoomsImportTheStandardLibraryOnly(t *testing.T) {
	t.Parallel()
	bare := map[string]bool{"internal/model": true, "cpython": true, "examples": true, "embed": true}
	for _, p := range listPackages(t) {
		if !bare[p.room()] {
			continue
		}
		for _, imported := range p.Imports {
			first, _, _ := strings.Cut(imported, "/")
			if strings.Contains(first, ".") {
				t.Errorf("%s imports %s: it may use the standard library only", p.room(), imported)
			}
		}
	}
}

func TestHandlersAndSchedulerNeverSeePythonOrEachOther(t *testing.T) {
	t.Parallel()
	table := readRooms(t)
	for _, name := range []string{"handlers", "scheduler"} {
		for _, banned := range []string{"embed", "cpython", "cpython/kit", "handlers", "scheduler", everything} {
			require.NotContains(t, table[name].may, banned, "the table itself must not allow it")
		}
	}
}
