package model

import "time"

// PackageInstall is one request to install a package, and what became of it.
type PackageInstall struct {
	ID          ID
	Name        string // normalised
	Requirement string // as requested, in the syntax of PEP 508
	Status      Status // pending, running, completed or failed
	Log         []string
	Problem     *Error // of a failed one: Code and Detail
	CreatedAt   time.Time
	CreatedBy   *string
	CompletedAt time.Time // zero while it is under way
}

// Package is one that a subtenant's functions can import.
type Package struct {
	ID          ID
	Name        string // normalised
	Version     string
	Requirement string // as requested; empty for a dependency of others
	InstalledAt time.Time
	InstalledBy *string
}
