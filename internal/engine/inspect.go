package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"maestro/internal/model"
)

// Inspect lists the names and imports that the code of a saved function or module
// resolves when it runs. Its warnings are about those that can't be resolved at
// present. An error says that the lane can't tell now.
func (e *Engine) Inspect(ctx context.Context, f *model.Function) (model.Inspection, error) {
	return e.InspectAmong(ctx, f, nil)
}

// InspectAmong inspects a function as if others were stored beside those that
// are. A function whose packages are not installed yet gets no warnings about its
// imports.
func (e *Engine) InspectAmong(ctx context.Context, f *model.Function, others []model.Function) (model.Inspection, error) {
	now, _, err := e.catalogue.present(ctx, e.catalogue.shelf(f.Tenant))
	if err != nil {
		return model.Inspection{}, err
	}
	known := newSurroundings(now, others)
	found, err := e.opts.Lane.Inspect(ctx, f.Name, f.Code, known.siblings)
	if err != nil {
		return found, err
	}
	if now == nil || now.awaited != nil || others != nil && len(f.Requirements) > 0 {
		return found, nil // what its packages hold is not known here yet
	}
	installed, complete := importable(now.site.Path)
	if complete {
		known.installed = installed
		found.Warnings = append(found.Warnings, known.unknownImports(found.Unknown)...)
		slices.SortStableFunc(found.Warnings, func(a, b model.Warning) int { return a.Line - b.Line })
	}
	if f.Kind == model.KindModule && installed[f.Name] {
		found.Warnings = append(found.Warnings, model.Warning{
			Message: fmt.Sprintf("an installed package has a module %s, which is found first: nothing can import this one", f.Name),
		})
	}
	return found, nil
}

// surroundings are the names that code finds.
type surroundings struct {
	siblings  []string // sorted
	kinds     map[string]model.FunctionKind
	installed map[string]bool // modules of packages
}

func newSurroundings(now *snapshot, others []model.Function) *surroundings {
	s := &surroundings{kinds: map[string]model.FunctionKind{}}
	if now != nil {
		s.siblings = now.names
		for name, known := range now.functions {
			s.kinds[name] = known.ref.Kind
		}
	}
	if len(others) == 0 {
		return s
	}
	for i := range others {
		s.kinds[others[i].Name] = others[i].Kind
	}
	s.siblings = nil
	for name, kind := range s.kinds {
		if kind != model.KindModule {
			s.siblings = append(s.siblings, name)
		}
	}
	slices.Sort(s.siblings)
	return s
}

func (s *surroundings) unknownImports(sites []model.ImportSite) (warnings []model.Warning) {
	for _, site := range sites {
		if name, ok := strings.CutPrefix(site.Module, model.FunctionsPackage); ok && (name == "" || name[0] == '.') {
			warnings = append(warnings, s.unknownFunction(site, strings.TrimPrefix(name, "."))...)
			continue
		}
		kind, known := s.kinds[site.Module]
		if s.installed[site.Module] || kind == model.KindModule {
			continue
		}
		warning := model.Warning{Line: site.Line, Column: site.Column}
		if known {
			warning.Message = fmt.Sprintf("%s is a function, not a module: call it by its name, without an import", site.Module)
		} else {
			warning.Message = fmt.Sprintf("there is no module %s: it is not of the standard library, not installed, not in requirements, and not stored", site.Module)
			warning.Suggestion = s.similarModule(site.Module)
		}
		if warning.Suggestion != "" {
			warning.Message += fmt.Sprintf("; did you mean %s?", warning.Suggestion)
		}
		warnings = append(warnings, warning)
	}
	return warnings
}

// unknownFunction warns of an import of a function's module, if there is no such
// function. A stored or installed module that is itself named functions comes first.
func (s *surroundings) unknownFunction(site model.ImportSite, name string) []model.Warning {
	if s.installed[model.FunctionsPackage] || s.kinds[model.FunctionsPackage] == model.KindModule || name == "" {
		return nil
	}
	if kind, known := s.kinds[name]; known && kind != model.KindModule {
		return nil
	}
	warning := model.Warning{Line: site.Line, Column: site.Column, Message: fmt.Sprintf("there is no function %s: the package functions has the modules of functions", name)}
	if s.kinds[name] == model.KindModule {
		warning.Message = fmt.Sprintf("%s is a stored module: import it by its name alone", name)
	}
	return []model.Warning{warning}
}

// similarModule returns the module whose name differs by the fewest edits from
// name, if they are few; the first of several by name.
func (s *surroundings) similarModule(name string) string {
	best, fewest := "", 1+len(name)/4
	consider := func(candidate string) {
		if n := edits(name, candidate, fewest); n < fewest || n == fewest && (best == "" || candidate < best) {
			best, fewest = candidate, n
		}
	}
	for candidate, kind := range s.kinds {
		if kind == model.KindModule {
			consider(candidate)
		}
	}
	for candidate := range s.installed {
		consider(candidate)
	}
	return best
}

// edits is the number of letters to insert, delete or replace that make a to b,
// or something above most.
func edits(a, b string, most int) int {
	if len(a)-len(b) > most || len(b)-len(a) > most {
		return most + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// importable lists the modules in a folder of packages, by the first part of
// their names. known is false when they can't be told.
func importable(folder string) (names map[string]bool, known bool) {
	names = map[string]bool{}
	if folder == "" {
		return names, true
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return names, false
	}
	for _, entry := range entries {
		name, suffix, _ := strings.Cut(entry.Name(), ".")
		switch {
		case strings.HasSuffix(entry.Name(), ".pth"):
			if text, err := os.ReadFile(filepath.Join(folder, entry.Name())); err != nil || leadsElsewhere(string(text)) {
				return names, false
			}
		case entry.IsDir() && suffix == "", strings.HasSuffix(suffix, "py"), strings.HasSuffix(suffix, "so"):
			names[name] = true
		}
	}
	return names, true
}

// leadsElsewhere reports whether a .pth file names folders. Lines of code in it, as
// setuptools has one, are never run for functions, and add no module.
func leadsElsewhere(text string) bool {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line != "" && line[0] != '#' && !strings.HasPrefix(line, "import ") && !strings.HasPrefix(line, "import\t") {
			return true
		}
	}
	return false
}
