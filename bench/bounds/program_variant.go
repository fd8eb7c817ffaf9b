package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// variant is what a program needs beside its code.
type variant struct {
	calls  int                                           // that are made at the same time; 0: one
	schema func() any                                    // the function's input_schema
	output func() any                                    // its output_schema
	input  func() any                                    // in place of the usual one
	fault  bool                                          // a fault in C that no in-process rail can stop: the server may restart
	shown  func(result any) string                       // what the result gives away; "": nothing
	attack func(context.Context, *stage) (answer, error) // in place of a call
}

// variants are keyed by the program's name.
var variants = map[string]variant{
	"wait_lock_32":         {calls: 32},
	"wait_sleep_64":        {calls: 64},
	"cpu_calls_16":         {calls: 16},
	"mem_calls_8":          {calls: 8},
	"schema_allof":         {schema: allOfBomb},
	"schema_enum":          {schema: enumBomb, input: func() any { return pairs(20_000) }},
	"schema_unique":        {schema: func() any { return map[string]any{"uniqueItems": true} }, input: func() any { return objects(100_000) }},
	"schema_ref_loop":      {schema: refLoop, input: func() any { return nested(500) }},
	"schema_pattern":       {schema: func() any { return map[string]any{"pattern": `^(a+)+$`} }, input: func() any { return strings.Repeat("a", 5_000_000) + "b" }},
	"schema_output":        {output: func() any { return map[string]any{"uniqueItems": true} }},
	"schema_deep":          {input: func() any { return json.RawMessage(strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000)) }},
	"schema_contains":      {schema: containsBomb, input: func() any { return numbers(200_000) }},
	"mem_files":            {shown: anything},
	"mem_empty_files":      {shown: anything},
	"st_proc_environ":      {shown: anything},
	"st_child_environ":     {shown: anything},
	"st_child_files":       {shown: anything},
	"st_fd_hunt":           {shown: anything},
	"st_symlink":           {shown: anything},
	"st_hardlink":          {shown: anything},
	"st_dir_fd":            {shown: anything},
	"st_dotdot":            {shown: anything},
	"st_thread_race":       {shown: anything},
	"st_sqlite_file":       {shown: anything},
	"st_mmap_file":         {shown: anything},
	"st_io_open_code":      {shown: anything},
	"st_import_data":       {shown: anything},
	"st_pg_socket":         {shown: anything},
	"st_metadata":          {shown: anything},
	"st_own_api_names":     {shown: anything},
	"st_gc_inputs":         {shown: anything},
	"st_ctypes_memory":     {shown: anything},
	"st_admin_token":       {shown: anything},
	"st_context_swap":      {shown: otherSubtenant},
	"st_data_folder":       {shown: fileSizes},
	"st_environ_os":        {shown: anything},
	"st_frames_hunt":       {shown: anything},
	"st_locale_tz":         {shown: anything},
	"st_own_api":           {shown: anything},
	"st_pg_files":          {shown: positive},
	"st_proc_mem":          {shown: positive},
	"st_write_python":      {shown: anything},
	"st_interpreters_exec": {shown: anything},
}

// allOfBomb has 2^26 paths from its root to its leaves.
func allOfBomb() any {
	defs := map[string]any{"a26": map[string]any{"type": "object"}}
	for i := range 26 {
		next := map[string]any{"$ref": fmt.Sprint("#/$defs/a", i+1)}
		defs[fmt.Sprint("a", i)] = map[string]any{"allOf": []any{next, next}}
	}
	return map[string]any{"$defs": defs, "$ref": "#/$defs/a0"}
}

// enumBomb compares each of 20,000 items with each of 20,000 values.
func enumBomb() any {
	values := make([]any, 20_000)
	for i := range values {
		values[i] = []any{i, -1}
	}
	return map[string]any{"items": map[string]any{"not": map[string]any{"enum": values}}}
}

func pairs(n int) any {
	list := make([][]int, n)
	for i := range list {
		list[i] = []int{i, 1}
	}
	return list
}

// containsBomb compares each item with 64 values.
func containsBomb() any {
	var all []any
	for i := range 64 {
		all = append(all, map[string]any{"contains": map[string]any{"const": -i - 1}, "minContains": 0})
	}
	return map[string]any{"allOf": all}
}

// refLoop takes each level of a nested array twice.
func refLoop() any {
	self := map[string]any{"$ref": "#"}
	return map[string]any{"anyOf": []any{map[string]any{"items": map[string]any{"allOf": []any{self, self}}}}}
}

func numbers(n int) any {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

func objects(n int) any {
	list := make([]map[string]int, n)
	for i := range list {
		list[i] = map[string]int{"n": i}
	}
	return list
}

func nested(depth int) any {
	var list any = 1
	for range depth {
		list = []any{list}
	}
	return list
}
