package cpython

// #include <stdlib.h>
// #include "json_probe.h"
import "C"

import (
	"errors"
	"runtime"
	"unsafe"
)

// The probe runs the converter between JSON and Python objects separately, for
// its tests: they cannot use cgo themselves. json_probe.h describes each.

func probeRun(source string) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	text := C.CString(source)
	defer C.free(unsafe.Pointer(text))
	return probeError(C.maestro_probe_run(text))
}

func probeCall(function string, data []byte) ([]byte, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	name := C.CString(function)
	defer C.free(unsafe.Pointer(name))
	var out C.struct_maestro_text
	err := probeError(C.maestro_probe_call(name, bytesPointer(data), C.size_t(len(data)), &out))
	return probeTake(&out), err
}

func probeRound(data []byte) ([]byte, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var out C.struct_maestro_text
	err := probeError(C.maestro_probe_round(bytesPointer(data), C.size_t(len(data)), &out))
	return probeTake(&out), err
}

// bytesPointer hands data to C for the length of one call.
func bytesPointer(data []byte) *C.char { return (*C.char)(unsafe.Pointer(unsafe.SliceData(data))) }

func probeTake(out *C.struct_maestro_text) []byte {
	defer C.free(unsafe.Pointer(out.data))
	return C.GoBytes(unsafe.Pointer(out.data), C.int(out.size))
}

func probeError(message *C.char) error {
	if message == nil {
		return nil
	}
	defer C.free(unsafe.Pointer(message))
	return errors.New(C.GoString(message))
}
