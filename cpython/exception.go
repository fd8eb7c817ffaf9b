package cpython

// #include "border.h"
import "C"

import "strings"

// The kinds of an Exception.
const (
	ExceptionRaised        uint8 = C.EXCEPTION_RAISED         // by the function's code, or code that it called
	ExceptionStopped       uint8 = C.EXCEPTION_STOPPED        // by Stop
	ExceptionInputJSON     uint8 = C.EXCEPTION_INPUT_JSON     // the input is not a JSON value that Python can represent
	ExceptionOutputJSON    uint8 = C.EXCEPTION_OUTPUT_JSON    // the result is not a JSON value
	ExceptionInputInvalid  uint8 = C.EXCEPTION_INPUT_INVALID  // an uncaught maestro.InputInvalid
	ExceptionOutputInvalid uint8 = C.EXCEPTION_OUTPUT_INVALID // an uncaught maestro.OutputInvalid
	ExceptionLoad          uint8 = C.EXCEPTION_LOAD           // the module failed on import
	ExceptionEngine        uint8 = C.EXCEPTION_ENGINE         // an internal error
)

// Exception is a Python exception as text. The texts are valid UTF-8 with any
// content that Python code can produce.
type Exception struct {
	Type      string // the class's name, such as "ValueError"
	Message   string // str(exception)
	Traceback string // as Python prints it, with the frames of functions only
	Kind      uint8
	// Classes names the class and its bases, each with and without its module;
	// of an outer call only, because steps are not retried.
	Classes []string
}

func (e *Exception) Error() string {
	if e.Message == "" {
		return e.Type
	}
	return e.Type + ": " + e.Message
}

// exceptionOf copies C's exception, or returns nil if there was none.
func exceptionOf(exception *C.struct_maestro_exception) *Exception {
	if exception.kind == 0 {
		return nil
	}
	e := &Exception{
		Type:      textOf(exception._type),
		Message:   textOf(exception.message),
		Traceback: textOf(exception.traceback),
		Kind:      uint8(exception.kind),
	}
	if exception.classes.size > 0 {
		e.Classes = strings.Split(textOf(exception.classes), "\n")
	}
	return e
}
