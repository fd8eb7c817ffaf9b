package handlers

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"maestro/internal/model"
)

// textProblems refuses text that PostgreSQL can't store.
func textProblems(pointer, text string) []model.Problem {
	if strings.ContainsRune(text, 0) {
		return []model.Problem{{Pointer: pointer, Message: "must not contain the character U+0000"}}
	}
	return nil
}

func tagProblems(tags []string) []model.Problem {
	var problems []model.Problem
	for i, tag := range tags {
		pointer := fmt.Sprintf("/tags/%d", i)
		if tag == "" || utf8.RuneCountInString(tag) > maxTag {
			problems = append(problems, model.Problem{Pointer: pointer, Message: fmt.Sprintf("must have 1 to %d characters", maxTag)})
		}
		problems = append(problems, textProblems(pointer, tag)...)
	}
	return problems
}

// notBuilt refuses a member that this version does not implement.
func notBuilt(member string) *model.Error {
	e := model.NewError(model.CodeNotImplemented, "%q is not implemented yet. Leave it out.", member)
	e.Problems = []model.Problem{{Pointer: "/" + member, Message: "is not implemented yet"}}
	return e
}
