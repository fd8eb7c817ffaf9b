//go:build !linux || !(amd64 || arm64)

package kit

const contentHash = "" // no Python is embedded for this platform
