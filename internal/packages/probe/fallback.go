package probe

// fallsBack lists the packages that work without their extension modules which
// refuse sub-interpreters, and by what. Each of them was tried: it is imported and
// used in the embedded lane by `make packages`.
var fallsBack = map[string]string{
	"aiohttp": "parsers, writers and masks in Python, chosen where the import of those in C fails",
	"pyyaml":  "loaders and dumpers in Python; CLoader and CDumper are left out where yaml._yaml cannot be imported",
}
