// Package packages gives each subtenant the Python packages that were asked
// for: by POST /packages, and by the requirements of its functions. It brings
// together what lies in the folders below: requirement reads what was asked for,
// pip resolves and unpacks, environment makes folders, probe imports them.
//
// What is true stands in PostgreSQL: the lock of each subtenant's current
// environment. A change is worked out beside it and then put in its place in
// one transaction; whatever fails before has changed nothing.
//
// It must not run a subtenant's functions, and must not know of HTTP.
// docs/packages.md describes it from outside.
package packages
