// Package deploy is for the files with which Maestro is deployed: its tests check
// them, and try them with the container image. README.md describes the files.
//
// It must not hold any code of the product.
package deploy
