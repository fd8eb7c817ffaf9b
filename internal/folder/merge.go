package folder

import (
	"maps"
	"reflect"
	"slices"
)

// Conflict is a member that was changed to different values in the folder and
// on the server.
type Conflict struct {
	Member        string
	Local, Remote any
	Places        int // in the code
}

// Merge merges the changes that the folder and the server have made to an item
// since their last common state. In a conflict the code has markers, and another
// member has the folder's value.
func Merge(key Key, base *Base, local, remote Members) (merged Members, conflicts []Conflict) {
	was, local := whole(key.Kind, base.Local), whole(key.Kind, local)
	before, remote := whole(key.Kind, base.Remote), whole(key.Kind, remote)
	names := map[string]bool{}
	for _, m := range []Members{was, local, before, remote} {
		for name := range m {
			names[name] = true
		}
	}
	merged = Members{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		mine, ours := local[name]
		yours, theirs := remote[name]
		old, had := was[name]
		known, knew := before[name]
		switch {
		case theirs == knew && reflect.DeepEqual(yours, known), ours == theirs && reflect.DeepEqual(mine, yours):
			set(merged, name, mine, ours) // as the folder spells it
		case ours == had && reflect.DeepEqual(mine, old):
			set(merged, name, yours, theirs)
		case name == "code":
			text, places := MergeText(base.Remote.text("code"), local.text("code"), remote.text("code"))
			merged[name] = text
			if places > 0 {
				conflicts = append(conflicts, Conflict{Member: name, Local: mine, Remote: yours, Places: places})
			}
		default:
			set(merged, name, mine, ours)
			conflicts = append(conflicts, Conflict{Member: name, Local: mine, Remote: yours})
		}
	}
	return merged, conflicts
}

func set(m Members, name string, value any, there bool) {
	if there {
		m[name] = value
	}
}
