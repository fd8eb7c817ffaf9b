// Package python carries the Python programs that Maestro runs in its
// interpreters, as text. It must not hold any Go logic.
package python

import _ "embed"

//go:embed work.py
var work string

//go:embed loop_shared.py
var loopShared string

//go:embed loop.py
var loop string

//go:embed stream.py
var stream string

//go:embed convert.py
var convert string

//go:embed api.py
var api string

//go:embed on_import.py
var onImport string

//go:embed output.py
var output string

//go:embed modules.py
var modules string

//go:embed load.py
var load string

//go:embed stored.py
var stored string

//go:embed outlast.py
var outlast string

//go:embed describe.py
var describe string

//go:embed packages.py
var packages string

//go:embed processes.py
var processes string

//go:embed addresses.py
var addresses string

//go:embed folder.py
var folder string

//go:embed probe.py
var probe string

//go:embed probe_main.py
var probeMain string

//go:embed forked.py
var forked string

//go:embed runtime.py
var runtime string

//go:embed definition.py
var definition string

//go:embed scopes.py
var scopes string

//go:embed imports.py
var imports string

//go:embed secret_names.py
var secretNames string

//go:embed names.py
var names string

//go:embed transform.py
var transform string

//go:embed hints_names.py
var hintsNames string

//go:embed hints_fields.py
var hintsFields string

//go:embed hints.py
var hints string

//go:embed compile.py
var compile string

// Stub is the stub of the module maestro (api.py), for editors and type checkers.
//
//go:embed maestro.pyi
var Stub string

// Runtime is what every subtenant's interpreter runs first. Its parts share one
// namespace and stand in the order in which they need each other.
var Runtime = convert + "\n" + api + "\n" + onImport + "\n" + output + "\n" + work + "\n" + loopShared + "\n" +
	loop + "\n" + stream + "\n" + modules + "\n" + load + "\n" + stored + "\n" + outlast + "\n" + describe + "\n" + processes + "\n" + addresses + "\n" + folder + "\n" + packages + "\n" + forked + "\n" + runtime

// Probe is what an interpreter runs that imports packages to see whether they
// work: Runtime, and then a part that subtenants don't have.
var Probe = Runtime + "\n" + probe

// ProbeMain is the program of a plain Python that imports packages to see whether they
// work in its main interpreter.
var ProbeMain = packages + "\n" + probe + "\n" + probeMain

// Compiler is what the compiler's interpreter runs: source to marshalled code,
// and type hints to schemas. It needs nothing of Runtime.
var Compiler = definition + "\n" + scopes + "\n" + imports + "\n" + transform + "\n" +
	secretNames + "\n" + names + "\n" + hintsNames + "\n" + hintsFields + "\n" + hints + "\n" + compile
