package probe

import "maps"

// fallsBack lists the packages that work without their extension modules which
// refuse sub-interpreters, and by what. TestPackagesThatFallBack of cmd/maestro uses
// each of them in the embedded lane. Packages whose purpose is the speed of their
// extension modules (rapidfuzz, protobuf) are better off in the process lane.
var fallsBack = map[string]string{
	"aiohttp":        "parsers, writers and masks in Python, where the import of those in C fails",
	"frozenlist":     "its class in Python, where the import of that in C fails",
	"msgpack":        "msgpack.fallback, where the import of msgpack._cmsgpack fails",
	"propcache":      "its descriptors in Python, where the import of those in C fails",
	"pymongo":        "bson and its messages in Python, where the import of bson._cbson or pymongo._cmessage fails",
	"pyyaml":         "loaders and dumpers in Python; CLoader and CDumper are left out where yaml._yaml cannot be imported",
	"simplejson":     "encoder, decoder and scanner in Python, where the import of simplejson._speedups fails",
	"tornado":        "the mask of WebSocket frames in Python, where the import of tornado.speedups fails",
	"websockets":     "the mask and the UTF-8 check of frames in Python, where the import of websockets.speedups fails",
	"yarl":           "its quoting in Python, where the import of that in C fails",
	"zope-interface": "its classes in Python, where the import of those in C fails",
}

// FallsBack lists these packages.
func FallsBack() map[string]string { return maps.Clone(fallsBack) }
