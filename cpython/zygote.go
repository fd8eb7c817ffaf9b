package cpython

// #include <stdlib.h>
// #include "descriptor.h"
// #include "zygote.h"
import "C"

import (
	"errors"
	"fmt"
	"os"
	"unsafe"
)

// The variables of the environment that make this program a zygote, or a process that works
// for one subtenant (zygote.h).
const (
	ZygoteVariable = "MAESTRO_ZYGOTE"
	ChildVariable  = "MAESTRO_CHILD"
)

// Connection returns the descriptor that this process was given for its work, if it was
// forked from a zygote or begun with ChildVariable.
func Connection() (fd int, given bool) {
	fd = int(C.maestro_zygote_connection())
	return fd, fd >= 0
}

// KeepDescriptors keeps open files from the code of this process, which is of one subtenant:
// what connects it to the server. Call it before any code runs.
func KeepDescriptors(files ...*os.File) {
	for _, file := range files {
		C.maestro_descriptor_keep(C.int(file.Fd()))
	}
}

// Forked reports whether this process was forked from a zygote.
func Forked() bool { return C.maestro_zygote_home() != nil }

// adopt takes over the Python that a zygote has loaded.
func adopt(home string, alone bool) error {
	if there := C.GoString(C.maestro_zygote_home()); there != home || !alone {
		return fmt.Errorf("load python from %s: this process was forked with that of %s", home, there)
	}
	message := C.maestro_zygote_adopt()
	if message == nil {
		return nil
	}
	defer C.free(unsafe.Pointer(message))
	return fmt.Errorf("adopt python: %w", errors.New(C.GoString(message)))
}
