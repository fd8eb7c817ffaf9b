// Package packages installs Python packages for each subtenant: those
// requested by POST /packages, and the requirements of its functions. It
// combines the rooms below: requirement parses requirements, pip resolves and
// unpacks them, environment builds folders, probe imports modules.
//
// PostgreSQL is authoritative: it holds the lock of each subtenant's current
// environment. A change is prepared separately and becomes current in one
// transaction; a failure before that changes nothing.
//
// It must not run a subtenant's functions, and must not know of HTTP.
// docs/packages.md describes its use.
package packages
