package handlers

import "strings"

// reservedNames are Python's keywords, its builtins (a sibling of that name would
// replace print or len in every function), and the module maestro.
var reservedNames = func() map[string]bool {
	names := make(map[string]bool)
	for _, name := range strings.Fields(reservedText) {
		names[name] = true
	}
	return names
}()

const reservedText = `
ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError BrokenPipeError
BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError ConnectionRefusedError
ConnectionResetError DeprecationWarning EOFError Ellipsis EncodingWarning EnvironmentError Exception
ExceptionGroup False FileExistsError FileNotFoundError FloatingPointError FutureWarning GeneratorExit IOError
ImportError ImportWarning IndentationError IndexError InterruptedError IsADirectoryError KeyError
KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError None NotADirectoryError NotImplemented
NotImplementedError OSError OverflowError PendingDeprecationWarning PermissionError ProcessLookupError
PythonFinalizationError RecursionError ReferenceError ResourceWarning RuntimeError RuntimeWarning
StopAsyncIteration StopIteration SyntaxError SyntaxWarning SystemError SystemExit TabError TimeoutError True
TypeError UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError
UnicodeWarning UserWarning ValueError Warning ZeroDivisionError abs aiter all and anext any as ascii assert
async await bin bool break breakpoint bytearray bytes callable chr class classmethod compile complex continue
copyright credits def del delattr dict dir divmod elif else enumerate eval except exec exit filter finally
float for format from frozenset getattr global globals hasattr hash help hex id if import in input int is
isinstance issubclass iter lambda len license list locals maestro map max memoryview min next nonlocal not
object oct open or ord pass pow print property quit raise range repr return reversed round set setattr slice
sorted staticmethod str sum super try tuple type vars while with yield zip
`

// newNameFault says why a function can't be created under a name, or returns empty
// text. A function of a predefined name would take its place in every other one;
// functions that were stored under these names before they were refused stay.
func newNameFault(name string) string {
	switch name {
	case "json", "uuid", "datetime":
		return "is a module of the standard library and a predefined name, which functions use without an import; choose another name"
	default:
		return ""
	}
}

// nameFault says why a function can't have a name, which is an identifier, or
// returns empty text.
func nameFault(name string) string {
	switch {
	case reservedNames[name]:
		return "is a Python keyword, a builtin or the module maestro; choose another name"
	case len(name) > 4 && strings.HasPrefix(name, "__") && strings.HasSuffix(name, "__"):
		return "has two underscores at both ends, which is reserved for Python; choose another name"
	default:
		return ""
	}
}
