//go:build !linux || !(amd64 || arm64)

package kit

const contentHash = "" // none is carried for this platform
