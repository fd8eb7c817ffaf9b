package handlers

import (
	"errors"
	"fmt"
	"slices"

	"maestro/internal/model"
)

// sourceFaults collects the faults of the items of one request, so that its
// sender sees all of them at once.
type sourceFaults struct {
	problems []model.Problem
	codes    []model.Code
	details  []string
}

// ofItems are the codes of faults of an item; an error with another code is one
// of the whole request.
var ofItems = []model.Code{
	model.CodeInvalid, model.CodeSyntaxError, model.CodeNoSuchDef, model.CodeSchemaInvalid, model.CodeNameTaken, model.CodePathTaken,
	model.CodeVersionMismatch, model.CodeFunctionNotFound, model.CodeWebhookNotFound, model.CodeScheduleNotFound, model.CodeFunctionIsModule,
}

// add notes the error of an item, whose place in the body is pointer. It returns
// an error of the whole request unchanged.
func (f *sourceFaults) add(pointer string, err error) error {
	var coded *model.Error
	if err == nil || !errors.As(err, &coded) || !slices.Contains(ofItems, coded.Code) {
		return err
	}
	f.codes, f.details = append(f.codes, coded.Code), append(f.details, coded.Detail)
	if len(coded.Problems) == 0 {
		f.problems = append(f.problems, model.Problem{Pointer: pointer, Message: coded.Detail})
	}
	for _, problem := range coded.Problems {
		if problem.Line > 0 && problem.Pointer == "" {
			problem.Pointer = "/code"
		}
		problem.Pointer = pointer + problem.Pointer
		f.problems = append(f.problems, problem)
	}
	return nil
}

// err is one error for all faults, nil when there is none. Its code is that of
// the faults when they have the same; otherwise they are invalid, unless all of
// them are conflicts.
func (f *sourceFaults) err() error {
	if len(f.codes) == 0 {
		return nil
	}
	code := f.codes[0]
	for _, other := range f.codes[1:] {
		if other != code {
			code = model.CodeInvalid
		}
	}
	switch code {
	case model.CodeFunctionNotFound, model.CodeWebhookNotFound, model.CodeScheduleNotFound, model.CodeFunctionIsModule:
		code = model.CodeInvalid // the address of the request exists
	}
	detail := f.details[0]
	if len(f.details) > 1 {
		detail = fmt.Sprintf("%d items have faults, which errors lists.", len(f.details))
	}
	e := model.NewError(code, "%s", detail+" Nothing was changed.")
	e.Problems = f.problems
	return e
}
