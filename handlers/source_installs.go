package handlers

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"maestro/internal/model"
	"maestro/internal/packages/requirement"
	"maestro/repo"
)

// ofInstalls are the codes of installs that the requirements themselves prevent.
var ofInstalls = []model.Code{
	model.CodePackagesDisabled, model.CodePackageNotAllowed, model.CodePackageConflict, model.CodePackageUnsupported, model.CodePackageInstallFailed,
}

// placed adds the places of the requirements that an install failed for. They are
// those whose packages the error names; if it names none of them (it may be about a
// package that another one needs), all that are new.
func (a *application) placed(err error, required []repo.FunctionRequirements) error {
	var coded *model.Error
	if !errors.As(err, &coded) || len(coded.Problems) > 0 || !slices.Contains(ofInstalls, coded.Code) {
		return err
	}
	words := requirementWords(coded.Detail)
	var named, all []model.Problem
	for _, function := range required {
		at := slices.IndexFunc(a.source.functions, func(f wantedFunction) bool { return f.Name == function.Function })
		for _, text := range function.Requirements {
			problem := model.Problem{
				Pointer: a.source.functions[at].pointer + "/requirements",
				Message: fmt.Sprintf("%s can't be installed: %s", text, coded.Detail),
			}
			all = append(all, problem)
			if r, err := requirement.Parse(text); err == nil && slices.Contains(words, r.Name) {
				named = append(named, problem)
			}
		}
	}
	placed := *coded
	placed.Problems = named
	if len(named) == 0 {
		placed.Problems = all
	}
	return &placed
}

// requirementWords are the words of a text that may name packages, normalised.
func requirementWords(text string) (words []string) {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
	}) {
		if name, err := requirement.Normalize(strings.Trim(word, ".-_")); err == nil {
			words = append(words, name)
		}
	}
	return words
}
